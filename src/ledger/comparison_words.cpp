#include "ledger/comparison.h"
#include "ledger/document.h"

namespace dibs::ledger {

std::string summary(const ComparisonReport& report) {
  std::string words =
      report.found == 0 ? "equal: " : std::to_string(report.found) + " differences: ";
  words += std::to_string(report.sales) + " sales, " + std::to_string(report.orders) + " orders, " +
           std::to_string(report.events) + " events; " + std::to_string(report.units_sold) +
           " of " + std::to_string(report.units_total) + " units sold";
  if (report.behind > 0) {
    words += "; " + std::to_string(report.behind) + " later events are not in the ledger yet";
  }
  return words;
}

std::string to_json(const ComparisonReport& report) {
  const auto number = [](std::string_view name, std::uint64_t value) {
    return ",\"" + std::string(name) + "\":" + std::to_string(value);
  };
  std::string json = "{\"ledger\":" + json_text(report.ledger);
  json += ",\"equal\":";
  json += report.found == 0 ? "true" : "false";
  json += number("sales", report.sales) + number("orders", report.orders) +
          number("events", report.events) + number("behind", report.behind) +
          number("units_total", report.units_total) + number("units_sold", report.units_sold) +
          number("differences_found", report.found) + ",\"differences\":[";
  for (std::size_t i = 0; i < report.differences.size(); ++i) {
    if (i > 0) json += ',';
    json += "{\"sale\":" + json_text(report.differences[i].sale.view()) +
            ",\"words\":" + json_text(report.differences[i].words) + "}";
  }
  return json + "]}";
}

}  // namespace dibs::ledger
