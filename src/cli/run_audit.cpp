#include "cli/run_audit.h"

#include "cli/audit_report.h"
#include "cli/ledger_audit.h"
#include "engine/inspect.h"

namespace dibs::cli {

void add_audit(load::Run& run, const std::string& data) {
  auto audit = engine::audit(data);
  if (!audit) {
    run.broken_elsewhere.push_back({"The audit could not run: " + audit.error().what,
                                    "감사를 할 수 없었습니다: " + audit.error().what});
    return;
  }
  run.notes.push_back({{"audit", "감사"}, {summary(*audit), summary_in_korean(*audit)}});
  for (const auto& difference : audit->differences) {
    run.broken_elsewhere.push_back({"Audit: " + difference, "감사: " + difference});
  }
}

void add_ledger_audit(load::Run& run, const std::string& data, const std::string& url) {
  const auto report = audit_ledger(data, url);
  if (!report) {
    run.broken_elsewhere.push_back({"The ledger could not be compared: " + report.error().what,
                                    "장부를 비교할 수 없었습니다: " + report.error().what});
    return;
  }
  const std::string words = ledger::summary(*report);
  run.notes.push_back({{"ledger", "장부 대조"}, {words, words}});
  for (const auto& difference : report->differences) {
    run.broken_elsewhere.push_back({"Ledger: " + difference.words, "장부: " + difference.words});
  }
}

}  // namespace dibs::cli
