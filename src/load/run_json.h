#pragma once

#include <optional>
#include <string_view>

#include "load/json_writer.h"
#include "load/run.h"

/// Parts of the JSON of a run, for those who write several.
namespace dibs::load {

/// The object that `to_json` of a run is.
void write_run(JsonWriter& json, const Run& run);

/// Members of the object that is open.
void write_latency(JsonWriter& json, std::string_view name, const Latency& latency);
void write_usage(JsonWriter& json, std::string_view prefix, const std::optional<Usage>& usage);
void write_machine(JsonWriter& json, const Machine& machine);

}  // namespace dibs::load
