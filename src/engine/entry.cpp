#include "engine/entry.h"

namespace dibs::engine {
namespace {

enum Tag : std::uint8_t {
  kSale = 1,
  kEvent = 2,
  kRefused = 3,
  kReserve = 4,
  kStart = 5,
  kCleanEnd = 6,
};

std::optional<RefusedEntry> read_refused(ByteReader& in, std::int64_t& received_ns) {
  store::ArrivalRecord record;
  record.arrival = Arrival(in.number());
  // Unsigned, so that no bytes can make it overflow.
  received_ns = static_cast<std::int64_t>(static_cast<std::uint64_t>(received_ns) +
                                          static_cast<std::uint64_t>(in.signed_number()));
  record.received = from_ns(received_ns);
  record.buyer = BuyerId(std::string(in.text()));
  const std::uint64_t code = in.number();
  if (!in.ok() || code == 0 || code > sale::kCodes.size()) return std::nullopt;
  record.code = static_cast<sale::Code>(code);
  return RefusedEntry{std::move(record)};
}

std::optional<CleanEndEntry> read_clean_end(ByteReader& in) {
  CleanEndEntry entry{.state_form = in.number(), .sales = {}};
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    SaleEnd end;
    end.sale = SaleId(std::string(in.text()));
    end.seq = Seq(in.number());
    end.last = Arrival(in.number());
    end.state_hash = in.number();
    entry.sales.push_back(std::move(end));
  }
  if (!in.ok()) return std::nullopt;
  return entry;
}

}  // namespace

void EntryWriter::about(const SaleId& sale) {
  if (sale.view() == sale_) return;
  sale_ = sale.view();
  out_.u8(kSale);
  out_.text(sale_);
}

void EntryWriter::event(const SaleId& sale, const sale::Event& event) {
  about(sale);
  out_.u8(kEvent);
  sale::encode(event, out_);
}

void EntryWriter::refused(const SaleId& sale, const store::ArrivalRecord& record) {
  about(sale);
  out_.u8(kRefused);
  out_.number(record.arrival.value());
  const std::int64_t received_ns = to_ns(record.received);
  out_.signed_number(received_ns - received_ns_);
  received_ns_ = received_ns;
  out_.text(record.buyer.view());
  out_.number(static_cast<std::uint64_t>(record.code));
}

void EntryWriter::reserve(const SaleId& sale, Arrival upto) {
  about(sale);
  out_.u8(kReserve);
  out_.number(upto.value());
}

void EntryWriter::start(const StartEntry& entry) {
  out_.u8(kStart);
  out_.signed_number(entry.downtime.count());
}

void EntryWriter::clean_end(const CleanEndEntry& entry) {
  out_.u8(kCleanEnd);
  out_.number(entry.state_form);
  out_.number(entry.sales.size());
  for (const SaleEnd& end : entry.sales) {
    out_.text(end.sale.view());
    out_.number(end.seq.value());
    out_.number(end.last.value());
    out_.number(end.state_hash);
  }
}

void EntryWriter::restart() {
  sale_.clear();
  received_ns_ = 0;
}

std::optional<Entry> EntryReader::next() {
  while (in_.remaining() > 0) {
    switch (in_.u8()) {
      case kSale:
        sale_ = in_.text();
        continue;
      case kEvent:
        if (auto event = sale::decode(in_)) return Entry{sale_, EventEntry{std::move(*event)}};
        break;
      case kRefused:
        if (auto entry = read_refused(in_, received_ns_)) return Entry{sale_, std::move(*entry)};
        break;
      case kReserve: {
        const Arrival upto(in_.number());
        if (in_.ok()) return Entry{sale_, ReserveEntry{upto}};
        break;
      }
      case kStart: {
        const Duration downtime(in_.signed_number());
        if (in_.ok()) return Entry{{}, StartEntry{downtime}};
        break;
      }
      case kCleanEnd:
        if (auto entry = read_clean_end(in_)) return Entry{{}, std::move(*entry)};
        break;
      default:
        break;
    }
    in_ = ByteReader({});
    static_cast<void>(in_.u8());  // fails, so ok() is false from here on
  }
  return std::nullopt;
}

}  // namespace dibs::engine
