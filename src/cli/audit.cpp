#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

#include "cli/audit_report.h"
#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/settings_file.h"
#include "cli/subcommands.h"

namespace dibs::cli {
namespace {

struct AuditFlags {
  std::string data = "dibs-data";
  Settings settings;
};

}  // namespace

std::string summary(const engine::AuditReport& report) {
  const std::string compared =
      std::to_string(report.sales) + " sales, " + std::to_string(report.orders) + " orders, " +
      std::to_string(report.arrivals) + " arrivals, " + std::to_string(report.events) +
      " events; " + std::to_string(report.units_sold) + " of " +
      std::to_string(report.units_total) + " units sold";
  if (report.differences.empty()) return "equal: " + compared;
  return std::to_string(report.differences.size()) + " differences: " + compared;
}

std::string summary_in_korean(const engine::AuditReport& report) {
  const std::string compared =
      "판매 " + std::to_string(report.sales) + "건, 주문 " + std::to_string(report.orders) +
      "건, 도착 " + std::to_string(report.arrivals) + "건, 사건 " + std::to_string(report.events) +
      "건; " + std::to_string(report.units_total) + "개 중 " + std::to_string(report.units_sold) +
      "개 판매";
  if (report.differences.empty()) return "일치: " + compared;
  return "차이 " + std::to_string(report.differences.size()) + "건: " + compared;
}

Subcommand add_audit(CLI::App& app) {
  auto* sub = app.add_subcommand(
      "audit", "Compare journal, snapshot and a second account of every order, unit by unit");
  auto flags = std::make_shared<AuditFlags>();
  sub->add_option("--data", flags->data, "The server's data directory; it may be running")
      ->capture_default_str();
  add_settings(*sub, flags->settings);
  return {sub, [flags, sub]() -> int {
            if (auto applied = apply_settings(*sub, flags->settings); !applied) {
              complain(applied.error());
              return kUsage;
            }
            const auto report = engine::audit(flags->data);
            if (!report) {
              complain(report.error());
              return status_of(report.error().kind);
            }
            for (const auto& remark : report->remarks) std::cout << "note: " << remark << '\n';
            for (const auto& difference : report->differences) std::cout << difference << '\n';
            std::cout << summary(*report) << '\n';
            return report->differences.empty() ? kHeld : kBroken;
          }};
}

}  // namespace dibs::cli
