#include "cli/checkup.h"

#include <algorithm>

#include "cli/exit_status.h"

namespace dibs::cli {
namespace {

const char* word_of(Finding::Grade grade) {
  switch (grade) {
    case Finding::Grade::ok:
      return "ok     ";
    case Finding::Grade::warn:
      return "warn   ";
    case Finding::Grade::no_go:
      return "NO-GO  ";
    case Finding::Grade::unknown:
      return "?      ";
  }
  return "";
}

}  // namespace

std::size_t Checkup::count(Finding::Grade grade) const {
  return static_cast<std::size_t>(std::ranges::count(findings_, grade, &Finding::grade));
}

bool Checkup::has(Finding::Grade grade) const { return count(grade) > 0; }

std::string Checkup::text() const {
  std::string text;
  for (const Finding& finding : findings_) {
    text += word_of(finding.grade) + finding.what + "\n";
    if (!finding.remedy.empty()) text += "         " + finding.remedy + "\n";
  }
  const std::size_t bad = count(Finding::Grade::no_go);
  const std::size_t unseen = count(Finding::Grade::unknown);
  if (bad > 0) return text + "NO-GO: " + std::to_string(bad) + " to put right\n";
  if (unseen > 0) {
    return text + "NO-GO: " + std::to_string(unseen) + " could not be looked at\n";
  }
  const std::size_t odd = count(Finding::Grade::warn);
  return text + (odd > 0 ? "GO, with " + std::to_string(odd) + " to know about\n" : "GO\n");
}

int Checkup::exit_status() const {
  if (has(Finding::Grade::no_go)) return kBroken;
  return has(Finding::Grade::unknown) ? kUnreachable : kHeld;
}

}  // namespace dibs::cli
