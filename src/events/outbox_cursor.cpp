#include "events/outbox_cursor.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "events/durable_file.h"

namespace dibs::events {
namespace {

constexpr const char* kOutboxHead = "dibs-outbox 1";
constexpr const char* kOutboxEnd = "end";
/// Stands for the sale of the last event where there is none: no sale's id begins so.
constexpr const char* kNoSale = "*";

/// Reads `SALE SEQ HASH EPOCH TEST`.
bool read_place(const std::string& line, OutboxCursor& cursor) {
  std::istringstream in(line);
  std::string sale;
  std::uint64_t seq = 0;
  std::string hash_text;
  ChainPlace place;
  int test = 0;
  if (!(in >> sale >> seq >> hash_text >> place.epoch >> test)) return false;
  const auto hash = parse_hash(hash_text);
  if (!is_sale_or_sku_id(sale) || seq == 0 || !hash) return false;
  place.seq = Seq(seq);
  place.hash = *hash;
  place.test = test != 0;
  cursor.sales[SaleId(sale)] = place;
  return true;
}

bool read_head(std::istream& in, OutboxCursor& cursor) {
  std::string head;
  std::string word;
  std::string last;
  std::string hash_text;
  std::uint64_t position = 0;
  if (!std::getline(in, head) || head != kOutboxHead) return false;
  if (!(in >> word >> position) || word != "position") return false;
  if (!(in >> word >> last >> hash_text) || word != "last") return false;
  const auto hash = parse_hash(hash_text);
  if (!hash || (last != kNoSale && !is_sale_or_sku_id(last))) return false;
  cursor.position = Position(position);
  if (last != kNoSale) cursor.last = SaleId(last);
  cursor.before_last = *hash;
  return in.get() == '\n';
}

bool read_all(std::istream& in, OutboxCursor& cursor) {
  if (!read_head(in, cursor)) return false;
  std::string line;
  while (std::getline(in, line)) {
    if (line == kOutboxEnd) return cursor.last.empty() || cursor.sales.contains(cursor.last);
    if (!read_place(line, cursor)) return false;
  }
  return false;
}

}  // namespace

store::Taken taken_by(const OutboxCursor& cursor) {
  store::Taken taken{.position = cursor.position, .sales = {}};
  for (const auto& [sale, place] : cursor.sales) taken.sales[sale] = place.seq;
  return taken;
}

Result<std::optional<OutboxCursor>> read_outbox_cursor(const std::string& path) {
  std::ifstream in(path);
  const std::string remedy =
      "It only says how far Kafka has been told: every event is sent again, and readers pass over "
      "those that they have.";
  if (!in.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return fault(FaultKind::unavailable,
                 "open of " + path + " failed: " + std::strerror(errno) + ".", remedy);
  }
  OutboxCursor cursor;
  if (read_all(in, cursor)) return cursor;
  return fault(FaultKind::corrupt, path + " is not what was written.", remedy);
}

Result<void> write_outbox_cursor(const std::string& path, const OutboxCursor& cursor) {
  std::ostringstream text;
  text << kOutboxHead << "\nposition " << cursor.position.value() << "\nlast "
       << (cursor.last.empty() ? kNoSale : cursor.last.value()) << ' ' << to_hex(cursor.before_last)
       << '\n';
  for (const auto& [sale, place] : cursor.sales) {
    text << sale.view() << ' ' << place.seq.value() << ' ' << to_hex(place.hash) << ' '
         << place.epoch << ' ' << (place.test ? 1 : 0) << '\n';
  }
  text << kOutboxEnd << '\n';
  return replace_file(path, text.str(),
                      "Make room or give the user of the server the right to write there; until "
                      "then a crash makes events be sent to Kafka again.");
}

}  // namespace dibs::events
