#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

#include "cli/audit_report.h"
#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/payment_audit.h"
#include "cli/settings_file.h"
#include "cli/subcommands.h"

namespace dibs::cli {
namespace {

struct AuditFlags {
  std::string data = "dibs-data";
  std::string payments;
  Settings settings;
};

/// The provider's books against the orders; the exit status.
int compare_payments(const AuditFlags& flags) {
  const auto audit = audit_payments(flags.data, flags.payments);
  if (!audit) {
    complain(audit.error());
    return status_of(audit.error().kind);
  }
  for (const auto& difference : audit->differences) std::cout << difference << '\n';
  std::cout << "payments: " << summary(*audit) << '\n';
  return audit->differences.empty() ? kHeld : kBroken;
}

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
  sub->add_option("--payments", flags->payments,
                  "URL of the payment provider: compares its books too, amount by amount, once the "
                  "server is at rest; default: not compared");
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
            const int money = flags->payments.empty() ? kHeld : compare_payments(*flags);
            return report->differences.empty() ? money : kBroken;
          }};
}

}  // namespace dibs::cli
