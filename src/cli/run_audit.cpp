#include "cli/run_audit.h"

#include "cli/audit_report.h"
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

}  // namespace dibs::cli
