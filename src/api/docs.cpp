// The pages that are generated from tables.
#include "api/api.h"
#include "api/metrics_table.h"
#include "api/problem.h"

namespace dibs::api {
namespace {

constexpr std::string_view kGenerated =
    "This page is generated from the table in the code (`make generate`); do not edit it.\n\n";

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      break;
  }
  return "histogram";
}

}  // namespace

std::string metrics_markdown() {
  std::string page = "# Metrics\n\n";
  page +=
      "What `GET /metrics` shows, in Prometheus' text format. Counters count from the start of "
      "the process. ";
  page += kGenerated;
  page += "| name | type | unit | label | meaning |\n|---|---|---|---|---|\n";
  for (const auto& row : kMetrics) {
    page.append("| `").append(row.name).append("` | ").append(name_of(row.type)).append(" | ");
    page.append(row.unit).append(" | ");
    if (!row.label.empty()) page.append("`").append(row.label).append("`");
    page.append(" | ").append(row.help).append(" |\n");
  }
  return page;
}

std::string codes_markdown() {
  std::string page = "# Codes\n\n";
  page +=
      "Every refusal, in order of precedence: the first that applies is the answer. `numbered` "
      "ones carry `arrival` when the request was given a number. ";
  page += kGenerated;
  page += "| code | status | retryable | numbered | title | what to do next |\n";
  page += "|---|---|---|---|---|---|\n";
  for (const auto& row : sale::kCodes) {
    page.append("| `").append(row.name).append("` | ").append(std::to_string(row.status));
    page.append(row.retryable ? " | yes" : " | no").append(row.numbered ? " | yes | " : " | no | ");
    page.append(row.title).append(" | ").append(row.detail).append(" |\n");
  }
  page += "\nRequests that reach no route:\n\n| code | status | title | what to do next |\n";
  page += "|---|---|---|---|\n";
  for (const auto& row : kRouteCodes) {
    page.append("| `").append(row.name).append("` | ").append(std::to_string(row.status));
    page.append(" | ").append(row.title).append(" | ").append(row.detail).append(" |\n");
  }
  page +=
      "\nRequests that break the framing or a limit of HTTP answer `malformed` (400, 408, 411, "
      "417, "
      "501, 505), `too_large` (413, 431) or `overloaded` (503) with that status, and the "
      "connection "
      "is closed.\n";
  return page;
}

}  // namespace dibs::api
