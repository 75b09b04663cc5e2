#include "engine/queries.h"

#include <algorithm>
#include <utility>

#include "engine/entry.h"
#include "engine/recovery.h"
#include "store/thread_name.h"

namespace dibs::engine {
namespace {

/// Calls `visit` with every entry of the records up to `upto`, until it gives false.
template <class Visit>
Result<void> each_entry(Disk& disk, const std::string& dir, Position upto, Visit visit) {
  RecoverOptions options{.beside_server = true, .fold = false};
  options.visit = [&](const Record& record) {
    EntryReader reader(record.payload);
    while (const auto entry = reader.next()) {
      if (!visit(*entry)) return false;
    }
    return record.head.position < upto;
  };
  if (upto == Position()) return {};
  if (auto done = recover(disk, dir, options); !done) return std::unexpected(done.error());
  return {};
}

std::optional<store::ArrivalRecord> record_of(const Entry& entry) {
  if (const auto* refused = std::get_if<RefusedEntry>(&entry.body)) return refused->record;
  const auto* event = std::get_if<EventEntry>(&entry.body);
  if (event == nullptr) return std::nullopt;
  const auto* accepted = std::get_if<sale::Accepted>(&event->event.fact);
  if (accepted == nullptr) return std::nullopt;
  return store::ArrivalRecord{.arrival = accepted->order.arrival,
                              .received = accepted->received,
                              .buyer = accepted->buyer,
                              .code = sale::Code::ok,
                              .order = accepted->order.key};
}

/// Whether the end of a line ends the wait of an order that wants `lines`.
bool ends_wait(const sale::LineEnded& end, Arrival arrival,
               const std::vector<sale::OrderLine>& lines) {
  if (arrival > end.upto) return false;
  for (const sale::OrderLine& line : lines) {
    if (line.sku == end.sku) return true;
  }
  return false;
}

}  // namespace

Result<std::vector<store::ArrivalRecord>> read_arrivals(Disk& disk, const std::string& dir,
                                                        const SaleId& sale,
                                                        const store::ArrivalFilter& filter,
                                                        Position upto, ArrivalPlaces& places) {
  std::vector<store::ArrivalRecord> found;
  if (upto == Position() || filter.limit == 0) return found;
  const auto begin = places.find(sale, filter.after).value_or(ArrivalPlaces::Place{});
  Arrival highest = begin.highest;
  ChainPoint before = begin.start.before;
  if (upto <= before.position) return found;
  ArrivalPlaces::Place place = begin;
  RecoverOptions options{.beside_server = true, .fold = false, .from = begin.start};
  options.visit = [&](const Record& record) {
    place = {{record.segment, record.place.offset, before}, highest};
    before = record.point();
    EntryReader reader(record.payload);
    while (const auto entry = reader.next()) {
      if (entry->sale != sale.view()) continue;
      auto arrival = record_of(*entry);
      if (!arrival) continue;
      highest = std::max(highest, arrival->arrival);
      if (arrival->arrival <= filter.after) continue;
      if (filter.buyer && arrival->buyer != *filter.buyer) continue;
      found.push_back(std::move(*arrival));
      if (found.size() == filter.limit) return false;
    }
    return record.head.position < upto;
  };
  if (auto done = recover(disk, dir, options); !done) return std::unexpected(done.error());
  places.add(sale, place);
  return found;
}

Result<std::vector<sale::Event>> read_history(Disk& disk, const std::string& dir,
                                              const OrderId& order, Position upto) {
  std::vector<sale::Event> found;
  std::optional<sale::Accepted> accepted;
  bool waiting = false;
  const auto done = each_entry(disk, dir, upto, [&](const Entry& entry) {
    if (entry.sale != order.sale.view()) return true;
    const auto* body = std::get_if<EventEntry>(&entry.body);
    if (body == nullptr) return true;
    const sale::Event& event = body->event;
    const auto about = sale::order_of(event);
    if (about && about->key == order.key) {
      if (const auto* fact = std::get_if<sale::Accepted>(&event.fact)) accepted = *fact;
      // Only its acceptance can leave an order waiting; every later event of its own ends the wait.
      waiting = std::holds_alternative<sale::Accepted>(event.fact) &&
                accepted->state == sale::OrderState::waiting;
      found.push_back(event);
    } else if (const auto* end = std::get_if<sale::LineEnded>(&event.fact)) {
      if (!waiting || !ends_wait(*end, accepted->order.arrival, accepted->lines)) return true;
      waiting = false;
      found.push_back(event);
    }
    return true;
  });
  if (!done) return std::unexpected(done.error());
  return found;
}

void Queries::open() {
  const std::scoped_lock lock(mutex_);
  running_ = true;
}

void Queries::start() {
  open();
  thread_ = std::thread([this] { run(); });
}

void Queries::stop() {
  {
    const std::scoped_lock lock(mutex_);
    running_ = false;
  }
  changed_.notify_all();
  if (thread_.joinable()) return thread_.join();
  work();
}

bool Queries::add(std::move_only_function<void()>& job) {
  {
    const std::scoped_lock lock(mutex_);
    if (!running_ || jobs_.size() >= kQueueBound) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void Queries::run() {
  store::name_thread("dibs-queries");
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !jobs_.empty() || !running_; });
      if (jobs_.empty()) return;
    }
    work();
  }
}

void Queries::work() {
  while (true) {
    std::move_only_function<void()> job;
    {
      const std::scoped_lock lock(mutex_);
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace dibs::engine
