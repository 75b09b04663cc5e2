#include "cli/doctor_sales.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "engine/journal_options.h"
#include "engine/record.h"

namespace dibs::cli {
namespace {

using Grade = Finding::Grade;
using std::chrono::seconds;

/// Accepted, promoted, payment begun and over, money moved: what a long life of an order takes.
constexpr std::uint64_t kEventsPerOrder = 5;
/// A refused request in the journal (docs/PERFORMANCE.md), in a record with others of its 100 ms.
constexpr std::uint64_t kBytesPerRefusal = 64;
/// An order in a snapshot; two snapshots and the one being written.
constexpr std::uint64_t kBytesPerOrderInSnapshots = 3 * 160;

/// "3 h 12 min", "41 s".
std::string span_text(Duration span) {
  const auto total = std::chrono::duration_cast<seconds>(span).count();
  const auto part = [](std::int64_t number, const char* unit) {
    return std::to_string(number) + " " + unit;
  };
  if (total >= 86'400) return part(total / 86'400, "d ") + part(total % 86'400 / 3'600, "h");
  if (total >= 3'600) return part(total / 3'600, "h ") + part(total % 3'600 / 60, "min");
  if (total >= 60) return part(total / 60, "min ") + part(total % 60, "s");
  return part(total, "s");
}

/// By the machine's time zone, with its name.
std::string local_text(Instant at) {
  const std::time_t time = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(at));
  std::tm local{};
  ::localtime_r(&time, &local);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%H:%M:%S %Z (%z)", &local);
  return text.data();
}

Finding judge_sale(const sale::SaleView& sale, Instant now) {
  std::string words = "sale " + sale.id.value() + ": ";
  const Instant opens_at = sale.spec->opens_at.value_or(now);
  switch (sale.state) {
    case sale::SaleState::scheduled:
      words += opens_at > now ? "opens in " + span_text(opens_at - now) : "opens at once";
      words += ", at " + to_rfc3339(opens_at) + ", here " + local_text(opens_at);
      return {Grade::ok, std::move(words)};
    case sale::SaleState::open:
      words += "open since " + to_rfc3339(opens_at) + (sale.sold_out() ? ", sold out" : "");
      return {Grade::ok, std::move(words)};
    case sale::SaleState::paused:
      return {Grade::warn, words + "paused: it refuses buyers", "Resume it when it is to sell."};
    case sale::SaleState::closed:
      return {Grade::ok, words + "closed"};
  }
  return {Grade::ok, std::move(words)};
}

}  // namespace

Finding judge_journal(const engine::JournalReport& report, bool server_runs) {
  if (report.fault) {
    const bool damaged = report.fault->kind != FaultKind::unavailable;
    return {damaged ? Grade::no_go : Grade::unknown, "journal: " + report.fault->what,
            report.fault->remedy};
  }
  if (report.records == 0) return {Grade::ok, "journal: a new one will be begun"};
  const std::string words = "journal: format " + std::to_string(engine::kJournalFormat) + ", " +
                            std::to_string(report.records) + " records, whole";
  if (!report.remarks.empty()) {
    return {Grade::warn, words + "; " + report.remarks.front(),
            "Harmless: a start deals with it. dibs journal verify shows all of it."};
  }
  if (!report.clean_end && !server_runs) {
    return {Grade::warn, words + "; the last process did not end in order",
            "Harmless: a start recovers all that was answered. Find out why it ended."};
  }
  return {Grade::ok, words};
}

std::vector<Finding> judge_sales(const std::vector<sale::SaleView>& sales, Instant now) {
  std::vector<Finding> findings;
  for (const sale::SaleView& sale : sales) findings.push_back(judge_sale(sale, now));
  if (findings.empty()) {
    findings.push_back({Grade::warn, "sales: there is none", "Make one: PUT /v1/sales/{sale}."});
  }
  return findings;
}

bool opening_ahead(const std::vector<sale::SaleView>& sales) {
  return std::ranges::any_of(
      sales, [](const sale::SaleView& sale) { return sale.state == sale::SaleState::scheduled; });
}

std::uint64_t bytes_needed(const std::vector<sale::SaleView>& sales, std::uint64_t buyers) {
  const engine::JournalOptions journal;
  std::uint64_t orders = 0;
  for (const sale::SaleView& sale : sales) {
    if (sale.state == sale::SaleState::closed) continue;
    std::int64_t units = 0;
    for (const sale::ItemView& item : sale.items) units += item.available;
    orders += static_cast<std::uint64_t>(units) + sale::line_limit_of(*sale.spec);
  }
  // A segment begun and the next one reserved, and the ballast.
  return journal.segment_bytes + journal.reserve_bytes + journal.ballast_bytes +
         orders * (kEventsPerOrder * engine::kSector + kBytesPerOrderInSnapshots) +
         buyers * kBytesPerRefusal;
}

}  // namespace dibs::cli
