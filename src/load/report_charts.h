#pragma once

#include <functional>
#include <string_view>

#include "load/json_writer.h"
#include "load/report.h"

namespace dibs::load {

/// Writes the points of the report's charts as members of the object that is open: `scatter`,
/// `percentiles`, `stock_curve`, `answers` and `cpu`.
void write_charts(JsonWriter& json, const Run& run, Language language);

/// An array member with one value an element.
template <class Range, class Project>
void write_array(JsonWriter& json, std::string_view name, const Range& range, Project project) {
  json.key(name).begin_array();
  for (const auto& element : range) json.value(std::invoke(project, element));
  json.end_array();
}

}  // namespace dibs::load
