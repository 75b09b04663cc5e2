#include "load/driver.h"

#include <algorithm>

#include "load/monotonic.h"
#include "load/units.h"

namespace dibs::load {
namespace {

/// Presses in a row before answers are looked at: 16 of about 8 us, so that no answer waits for
/// more than about 0.1 ms to be noticed.
constexpr int kBurst = 16;
constexpr std::int64_t kReportNs = 100'000'000;
/// Without an answer for so long, those first in line ask where they stand: the stream may be gone.
constexpr std::int64_t kNudgeNs = 500'000'000;
constexpr std::int64_t kIdleNs = 50'000'000;
constexpr std::int64_t kStreamPatienceNs = 2'000'000'000;
/// Connections for what follows a press when each press has one of its own.
constexpr std::uint32_t kExtraConnections = 64;
/// Bytes of an answer to a buy, for reserving: about 500 and seldom more.
constexpr std::size_t kAnswerBytes = 800;
constexpr std::size_t kReserveMax = std::size_t{1} << 30U;

[[nodiscard]] Pool::Options pool_options(const Options& options) {
  if (options.new_connections) return {options.unanswered_max, true};
  if (options.pacing == Pacing::known_order) return {options.buyers + kExtraConnections, false};
  return {options.connections, false};
}

/// The tag of gateway 0's stream, those of the others follow: the first number that is no
/// connection's.
[[nodiscard]] std::uint32_t first_watch_tag(const Options& options) {
  return pool_options(options).connections;
}

}  // namespace

Driver::Driver(const Options& options, const Script& script, const SaleFacts& sale,
               const std::vector<Endpoint>& gateways, std::vector<Press>& presses)
    : options_(options),
      script_(script),
      presses_(presses),
      pool_(pool_options(options), gateways, poller_, exchanges_, *this),
      crowd_(sale.payment, presses, options.gateways()) {
  for (std::uint32_t i = 0; i < options.gateways(); ++i) {
    const Watch::Place place{gateways[i], i, first_watch_tag(options) + i};
    watches_.emplace_back(script, sale.sku, place, poller_, crowd_);
    next_.push_back(i);
  }
  exchanges_.list.reserve(presses.size() * 2);
  exchanges_.answers.reserve(std::min(presses.size() * kAnswerBytes, kReserveMax));
}

Result<void> Driver::prepare() {
  if (auto opened = pool_.open_all(); !opened) return opened;
  for (Watch& watch : watches_) watch.open();
  const std::int64_t deadline = monotonic_ns() + kStreamPatienceNs;
  while (!std::ranges::all_of(watches_, &Watch::settled) && monotonic_ns() < deadline) {
    listen(kIdleNs);
  }
  return {};
}

void Driver::run(const ProgressListener& progress) {
  first_press_ns_ = last_answer_ns_ = last_change_ns_ = monotonic_ns();
  while (!finished()) {
    const std::int64_t now_ns = monotonic_ns();
    crowd_.release_timers(now_ns);
    const bool more = send_some(now_ns);
    listen(more ? 0 : timeout_ns(now_ns));
    keep_going(now_ns);
    if (progress && now_ns >= next_report_ns_) report(progress, now_ns);
    const std::uint32_t next = std::ranges::min(next_);
    if (now_ns - last_change_ns_ > options_.patience.count() && due_ns(next) <= now_ns) {
      timed_out_ = true;
      break;
    }
    if (options_.time_limit && now_ns - first_press_ns_ > options_.time_limit->count()) {
      over_limit_ = true;
      break;
    }
  }
  crowd_.give_up();
  over_ = true;
  if (progress) report(progress, monotonic_ns());
}

bool Driver::finished() const { return crowd_.unfinished() == 0; }

std::int64_t Driver::due_ns(std::uint32_t buyer) const {
  if (options_.pacing != Pacing::rate || buyer >= presses_.size()) return first_press_ns_;
  const double offset = static_cast<double>(buyer) / options_.per_second * kNsPerSecond;
  return first_press_ns_ + static_cast<std::int64_t>(offset);
}

/// Whether more could be sent at once.
bool Driver::send_some(std::int64_t now_ns) {
  for (int sent = 0; sent < kBurst; ++sent) {
    if (!send_one(now_ns)) return false;
  }
  return true;
}

bool Driver::send_one(std::int64_t now_ns) {
  // What follows a press goes first: the buyer who holds a unit is the one who is waited for.
  if (send_one_task()) return true;
  const auto gateway = next_gateway();
  if (!gateway || due_ns(next_[*gateway]) > now_ns) return false;
  send_press(*gateway, now_ns);
  return true;
}

bool Driver::send_one_task() {
  for (std::uint32_t gateway = 0; gateway < next_.size(); ++gateway) {
    if (!crowd_.has_task(gateway) || !pool_.has_free(gateway)) continue;
    send_task(crowd_.take_task(gateway));
    return true;
  }
  return false;
}

std::optional<std::uint32_t> Driver::next_gateway() const {
  std::optional<std::uint32_t> out;
  for (std::uint32_t gateway = 0; gateway < next_.size(); ++gateway) {
    if (next_[gateway] >= presses_.size() || !pool_.has_free(gateway)) continue;
    if (!out || next_[gateway] < next_[*out]) out = gateway;
  }
  return out;
}

void Driver::send_press(std::uint32_t gateway, std::int64_t now_ns) {
  last_change_ns_ = now_ns;
  const std::uint32_t buyer = next_[gateway];
  next_[gateway] += options_.gateways();
  ++sent_;
  const Script::First first = script_.first(buyer);
  const auto exchange = static_cast<std::uint32_t>(exchanges_.list.size());
  exchanges_.list.push_back({.task = {buyer, script_.first_ask(buyer)}, .due_ns = due_ns(buyer)});
  const bool two_segments = options_.pacing == Pacing::known_order && buyer % 2 == 1;
  pool_.send(exchange, gateway, first.bytes, two_segments ? first.head_size : 0);
}

void Driver::send_task(Task task) {
  script_.write(task, presses_[task.buyer].order, request_);
  const auto exchange = static_cast<std::uint32_t>(exchanges_.list.size());
  exchanges_.list.push_back({.task = task, .due_ns = monotonic_ns()});
  pool_.send(exchange, options_.gateway_of(task.buyer), request_);
}

std::int64_t Driver::timeout_ns(std::int64_t now_ns) const {
  std::int64_t next = std::min(crowd_.next_timer_ns(), now_ns + kIdleNs);
  if (const auto gateway = next_gateway()) next = std::min(next, due_ns(next_[*gateway]));
  return next - now_ns;
}

void Driver::listen(std::int64_t timeout_ns) {
  const std::uint32_t first = first_watch_tag(options_);
  for (const epoll_event& event : poller_.wait(timeout_ns)) {
    if (event.data.u32 >= first) {
      watches_[event.data.u32 - first].on_ready(event.events);
    } else {
      pool_.on_ready(event.data.u32, event.events);
    }
  }
}

void Driver::on_answer(std::uint32_t exchange, const Answer& answer) {
  const Exchange& done = exchanges_.list[exchange];
  last_answer_ns_ = done.answered_at_ns;
  const bool first = presses_[done.task.buyer].answered_at_ns == kNever;
  answered_ += first ? 1U : 0U;
  const std::uint64_t unfinished = crowd_.unfinished();
  crowd_.on_answer(done, answer);
  if (first || crowd_.unfinished() != unfinished) last_change_ns_ = last_answer_ns_;
}

void Driver::on_cut(std::uint32_t exchange, std::string_view why) {
  if (cuts_.count++ == 0) cuts_ = {"A request was not answered", 1, std::string(why)};
  crowd_.on_cut(exchanges_.list[exchange], monotonic_ns());
}

void Driver::keep_going(std::int64_t now_ns) {
  if (!crowd_.anybody_waiting() || now_ns < next_nudge_ns_) return;
  next_nudge_ns_ = now_ns + kNudgeNs;
  if (now_ns - last_answer_ns_ < kNudgeNs) return;
  crowd_.ask_again();
  for (Watch& watch : watches_) watch.open();
}

std::optional<std::int64_t> Driver::border_ns() const {
  std::optional<std::int64_t> out;
  for (const Watch& watch : watches_) {
    const auto border = watch.border_ns();
    if (border && (!out || *border < *out)) out = border;
  }
  return out;
}

void Driver::report(const ProgressListener& progress, std::int64_t now_ns) {
  next_report_ns_ = now_ns + kReportNs;
  Progress out;
  out.buyers = presses_.size();
  out.sent = sent_;
  out.answered = answered_;
  out.finished = presses_.size() - crowd_.unfinished();
  out.paid = crowd_.paid();
  out.elapsed = Duration(now_ns - first_press_ns_);
  out.over = over_;
  progress(out);
}

}  // namespace dibs::load
