// api/openapi.yaml, docs/CODES.md and docs/METRICS.md against the tables in the code.
#include "api/description.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "api/api.h"
#include "api/harness.h"
#include "api/metrics_table.h"
#include "api/problem.h"
#include "api/routes.h"

namespace dibs::api::test {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

const boost::json::object& operation_of(const Route& route) {
  return description()
      .at("paths")
      .as_object()
      .at(route.pattern)
      .as_object()
      .at(lower(to_text(route.method)))
      .as_object();
}

std::set<std::string> callers_of(Roles roles) {
  std::set<std::string> names;
  if ((roles & kAnyone) != 0) names.insert("anyone");
  if ((roles & kBuyer) != 0) names.insert("buyer");
  if ((roles & kShop) != 0) names.insert("shop");
  if ((roles & kSupport) != 0) names.insert("support");
  if ((roles & kOperator) != 0) names.insert("operator");
  return names;
}

TEST(Description, HasThePathsAndMethodsOfTheRouteTableAndNoOthers) {
  std::set<std::string> in_table;
  for (const auto& route : routes()) {
    in_table.insert(lower(to_text(route.method)) + " " + std::string(route.pattern));
  }
  EXPECT_EQ(in_table.size(), routes().size()) << "a route stands twice";
  std::set<std::string> in_yaml;
  for (const auto& [path, item] : description().at("paths").as_object()) {
    for (const auto& [verb, operation] : item.as_object()) {
      if (verb != "parameters") in_yaml.insert(std::string(verb) + " " + std::string(path));
    }
  }
  EXPECT_EQ(in_yaml, in_table);
}

TEST(Description, NamesTheCallersOfEveryRoute) {
  for (const auto& route : routes()) {
    std::set<std::string> names;
    for (const auto& name : operation_of(route).at("x-callers").as_array()) {
      names.emplace(name.as_string());
    }
    EXPECT_EQ(names, callers_of(route.roles)) << route.pattern;
  }
}

TEST(Description, NamesTheQueryParametersOfEveryRoute) {
  for (const auto& route : routes()) {
    std::set<std::string> names;
    if (const auto* parameters = operation_of(route).if_contains("parameters")) {
      for (const auto& parameter : parameters->as_array()) {
        const auto* in = parameter.as_object().if_contains("in");
        if (in != nullptr && in->as_string() == "query") {
          names.emplace(parameter.as_object().at("name").as_string());
        }
      }
    }
    EXPECT_EQ(names, std::set<std::string>(route.parameters.begin(), route.parameters.end()))
        << route.pattern;
  }
}

TEST(Description, NamesEveryCodeInTheOrderOfPrecedence) {
  std::vector<std::string> in_code;
  for (const auto& row : sale::kCodes) in_code.emplace_back(row.name);
  for (const auto& row : kRouteCodes) in_code.emplace_back(row.name);
  std::vector<std::string> in_yaml;
  for (const auto& name : description()
                              .at("components")
                              .as_object()
                              .at("schemas")
                              .as_object()
                              .at("Problem")
                              .as_object()
                              .at("properties")
                              .as_object()
                              .at("code")
                              .as_object()
                              .at("enum")
                              .as_array()) {
    in_yaml.emplace_back(name.as_string());
  }
  EXPECT_EQ(in_yaml, in_code);
}

std::string file(const std::string& path) {
  std::ifstream in(std::filesystem::path(DIBS_SOURCE_DIR) / path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Pages, CodesAndMetricsAreNotStale) {
  EXPECT_EQ(file("docs/CODES.md"), codes_markdown()) << "run scripts/generate";
  EXPECT_EQ(file("docs/METRICS.md"), metrics_markdown()) << "run scripts/generate";
}

TEST(Pages, MetricNamesKeepPrometheusRules) {
  std::set<std::string_view> names;
  for (const auto& row : kMetrics) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.type == MetricType::counter, row.name.ends_with("_total")) << row.name;
    EXPECT_EQ(row.unit == "seconds", row.name.ends_with("_seconds")) << row.name;
    EXPECT_TRUE(row.help.ends_with('.')) << row.name;
  }
}

}  // namespace
}  // namespace dibs::api::test
