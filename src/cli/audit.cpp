#include <CLI/CLI.hpp>

#include <fstream>
#include <iostream>
#include <memory>

#include "cli/audit_report.h"
#include "cli/exit_status.h"
#include "cli/ledger_audit.h"
#include "cli/log.h"
#include "cli/payment_audit.h"
#include "cli/settings_file.h"
#include "cli/subcommands.h"

namespace dibs::cli {
namespace {

struct AuditFlags {
  std::string data = "dibs-data";
  std::string payments;
  std::string ledger;
  std::string json;
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

/// The ledger against the journal; the exit status.
int compare_ledger(const AuditFlags& flags) {
  const auto report = audit_ledger(flags.data, flags.ledger);
  if (!report) {
    complain(report.error());
    return status_of(report.error().kind);
  }
  std::ostream& people = flags.json == "-" ? std::cerr : std::cout;
  for (const auto& one : report->differences) {
    people << "sale " << one.sale.view() << ": " << one.words << '\n';
  }
  people << "ledger: " << ledger::summary(*report) << '\n';
  if (flags.json == "-") {
    std::cout << ledger::to_json(*report) << '\n';
  } else if (!flags.json.empty()) {
    std::ofstream file(flags.json);
    file << ledger::to_json(*report) << '\n';
    if (!file.flush()) {
      complain({FaultKind::bad_input, flags.json + " cannot be written.", "Check its directory."});
      return kUsage;
    }
  }
  return report->found == 0 ? kHeld : kBroken;
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
  sub->add_option("--ledger", flags->ledger,
                  "The ledger (sqlite:FILE, postgresql://…, mysql://…): compares it too, order by "
                  "order, up to where it has followed; default: not compared");
  sub->add_option("--json", flags->json,
                  "File for what the comparison with the ledger found, as JSON, or - for standard "
                  "output; default: none");
  add_settings(*sub, flags->settings);
  return {sub, [flags, sub]() -> int {
            if (auto applied = apply_settings(*sub, flags->settings); !applied) {
              complain(applied.error());
              return kUsage;
            }
            if (!flags->json.empty() && flags->ledger.empty()) {
              complain({FaultKind::bad_input, "--json is given without --ledger.",
                        "Name the ledger too, or leave it out."});
              return kUsage;
            }
            std::ostream& people = flags->json == "-" ? std::cerr : std::cout;
            const auto report = engine::audit(flags->data);
            if (!report) {
              complain(report.error());
              return status_of(report.error().kind);
            }
            for (const auto& remark : report->remarks) people << "note: " << remark << '\n';
            for (const auto& difference : report->differences) people << difference << '\n';
            people << summary(*report) << '\n';
            const int money = flags->payments.empty() ? kHeld : compare_payments(*flags);
            const int ledger = flags->ledger.empty() ? kHeld : compare_ledger(*flags);
            if (!report->differences.empty()) return kBroken;
            return ledger == kHeld ? money : ledger;
          }};
}

}  // namespace dibs::cli
