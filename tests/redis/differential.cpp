#include "redis/differential.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/bytes.h"
#include "redis/call.h"
#include "redis/fields.h"
#include "redis/random_commands.h"
#include "sale/checkers/words.h"
#include "sale/sale.h"

namespace dibs::redis {
namespace {

using sale::Code;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kArchivedLong = 4;
constexpr Duration kAwayAfter = seconds(2);
// As parts/words.lua has them.
constexpr Duration kAliveEvery = milliseconds(500);
constexpr std::size_t kEventsPerCall = 512;
constexpr int kMostLeaving = 1'000;  // calls in which an ended line is left: no line here is longer

std::string name_of(Code code) {
  return code == Code::ok ? "ok" : std::string(sale::info(code).name);
}

/// Kind and packed bytes: enough to see which field it is.
std::string in_full(const sale::Event& event) {
  std::string bytes;
  ByteWriter out(bytes);
  sale::encode(event, out);
  std::string text = sale::checkers::words_of(event) + " [";
  for (const char c : bytes) {
    const bool visible = c > ' ' && c < 0x7f;
    text += visible ? std::string(1, c) : "\\" + std::to_string(static_cast<unsigned char>(c));
  }
  return text + "]";
}

/// Runs an episode. `sale_` does what the functions should; `events_` is all it has told.
class Run {
 public:
  Run(Connection& connection, const Library& library, std::uint64_t seed, Situations* situations)
      : connection_(connection),
        library_(library),
        seed_(seed),
        situations_(situations),
        random_(seed),
        sale_(SaleId("s" + std::to_string(seed))),
        now_(random_.start()),
        away_counts_(random_.one_in(4)) {}

  std::optional<std::string> go(std::uint64_t& commands) {
    waiting_.push_back(random_.first_put());
    while (!trouble_ && (leaving_ > 0 || !is_over())) {
      if (sale_.archived()) ++archived_for_;
      now_ += random_.pause();
      fill(random_.batch_size());
      batch();
    }
    if (!trouble_) compare_streams();
    clean_up();
    commands += done_;
    return trouble_;
  }

 private:
  [[nodiscard]] bool is_over() const {
    return done_ >= random_.length() || archived_for_ >= kArchivedLong;
  }

  void fill(std::size_t size) {
    while (waiting_.size() < size) waiting_.push_back(random_.next(sale_, now_));
  }

  void batch() {
    std::vector<const sale::Command*> commands;
    for (const sale::Command& command : waiting_) commands.push_back(&command);
    BatchContext context{.sale = SaleId("s" + std::to_string(seed_))};
    context.epoch = epoch_;
    context.fresh_epoch = "epoch-" + std::to_string(seed_);
    context.known = known();
    context.min_seq = told_;
    context.now = now_;
    context.away_after = away_counts_ ? kAwayAfter : Duration(0);
    context.writes = writes_ = random_.one_in(10);
    const auto replies = connection_.call_all(
        {words_of(library_, context, commands),
         {"HMGET", keys_of(context.sale).front(), "leaving", "closing", "alive_at"}});
    if (!replies.back()) return fail("no reply");
    read_meta(*replies.back());
    auto result = parse(*replies.front(), context.known, commands.size());
    if (!result) return fail(result.error().what);
    if (result->fenced) return fail("fenced: " + result->why_fenced);
    epoch_ = result->epoch;
    go_along(*result);
    if (!trouble_) compare(context, *result);
  }

  /// What a reply does not say: how far a line that ends in several calls is.
  void read_meta(const redisReply& reply) {
    const auto number = [&reply](std::size_t i) {
      return number_of(*reply.element[i]).value_or(0);
    };
    was_leaving_ = leaving_ > 0;
    leaving_ = number(0) > 0 ? leaving_ + 1 : 0;
    closing_ = number(1) > 0;
    told_alive_at_ = from_us(number(2));
    if (leaving_ > 0) count("left over several calls");
    if (closing_) count("closed over several calls");
    if (leaving_ > kMostLeaving) fail("never comes to the end of a line");
  }

  /// Mostly all that was told before; else this gateway has missed some.
  Seq known() {
    if (!random_.one_in(10)) return told_;
    return Seq(told_.value() - std::min(told_.value(), random_.below(1'000)));
  }

  /// Of `sale_`, which ends a line at once and then serves others: while the functions have it left
  /// over several calls it is ahead of them, by what they do next.
  [[nodiscard]] Seq seq() const { return Seq(events_.size()); }
  [[nodiscard]] Instant last_at() const { return events_.empty() ? Instant() : events_.back().at; }

  void go_along(const BatchResult& result) {
    const std::size_t events_before = events_.size();
    const Seq told_before = std::exchange(told_, result.seq);
    const std::size_t requests_before = requests_.size();
    const bool existed = sale_.exists();
    if (!come_back(result.seq)) return;
    for (const Applied& applied : result.results) {
      if (!applied.reached) break;
      if (trouble_) return;
      const sale::Command command = std::move(waiting_.front());
      waiting_.pop_front();
      ++done_;
      take(command, applied);
    }
    // No further than the functions, whose clock may go back before they go on.
    const bool told_more = !result.events.empty();
    const Instant upto = leaving_ > 0 && told_more ? result.events.back().at : now_;
    while (!trouble_ && seq() < result.seq && sale_.due(upto)) sale_.step(upto, events_);
    if (closing_) begin_close(upto);
    const bool did_enough = leaving_ > 0 || events_.size() - events_before >= kEventsPerCall;
    if (result.results.empty() && sale_.due(now_) && !did_enough) fail("leaves something due");
    note_alive(existed, told_ > told_before, requests_before);
  }

  /// A close that has begun and is not reached yet: at its moment or by its command, which is the
  /// first of those not reached and will be found done.
  void begin_close(Instant upto) {
    const auto is_closed = [this] { return sale_.view().state == sale::SaleState::closed; };
    if (trouble_ || is_closed()) return;
    drain(upto);
    if (is_closed()) return;
    const bool by_command =
        !waiting_.empty() && std::holds_alternative<sale::Close>(waiting_.front().action);
    if (!by_command) return fail("closes for no reason");
    static_cast<void>(sale_.apply(waiting_.front(), now_, events_));
  }

  /// False when so much was due that the call ended before it had come back.
  bool come_back(Seq until) {
    if (!away_counts_ || !sale_.exists() || alive_at_ == Instant()) return true;
    const Duration away = now_ - alive_at_;
    if (away <= kAwayAfter) return true;
    while (sale_.due(alive_at_) && seq() < until) sale_.step(alive_at_, events_);
    const bool left_then = leaving_ > 0 && told_alive_at_ < now_;
    if (sale_.due(alive_at_) || left_then) return count("still away"), false;
    static_cast<void>(sale_.apply({.action = sale::Restart{away}}, now_, events_));
    count("away");
    return true;
  }

  void note_alive(bool existed, bool told_more, std::size_t requests_before) {
    const bool wrote = told_more || was_leaving_ || requests_.size() > requests_before;
    const bool stale = existed && now_ - alive_at_ >= kAliveEvery;
    const bool in_any_case = writes_ && !epoch_.empty();
    if (wrote || stale || in_any_case) alive_at_ = std::max(alive_at_, now_);
  }

  void drain(Instant now) {
    while (sale_.due(now)) sale_.step(now, events_);
  }

  void take(sale::Command command, const Applied& applied) {
    if (!std::holds_alternative<sale::Restart>(command.action)) drain(now_);
    auto* buy = std::get_if<sale::Buy>(&command.action);
    if (buy != nullptr) buy->arrival = Arrival(requests_.size() + 1);
    sale::Outcome outcome;
    outcome.code = Code::unknown_sale;
    outcome.now = std::max(now_, last_at());
    if (sale_.exists() || std::holds_alternative<sale::Put>(command.action)) {
      outcome = sale_.apply(command, now_, events_);
    }
    if (buy != nullptr && outcome.arrival == buy->arrival) {
      requests_.push_back({outcome.arrival, now_, buy->buyer, outcome.code, std::nullopt});
      if (outcome.code == Code::ok) requests_.back().order = buy->order;
    }
    count(name_of(outcome.code) + (outcome.replayed ? " replayed" : ""));
    compare(outcome, applied);
  }

  void compare(const sale::Outcome& outcome, const Applied& applied) {
    const auto order =
        outcome.order ? std::optional(outcome.order->id.key) : std::optional<OrderKey>();
    if (applied.code != outcome.code) {
      return fail("answers " + name_of(applied.code) + " instead of " + name_of(outcome.code));
    }
    const bool is_short = leaving_ > 0 && applied.seq == told_ && told_ < seq();
    if (applied.seq != seq() && !is_short) {
      return fail("is at event " + std::to_string(applied.seq.value()) + " instead of " +
                  std::to_string(seq().value()) + " after " + name_of(outcome.code));
    }
    if (applied.arrival != outcome.arrival) return fail("another arrival");
    if (applied.replayed != outcome.replayed) return fail("a replay is not seen as one");
    if (applied.created != outcome.created) return fail("created is wrong");
    if (applied.order != order) return fail("another order");
    if (applied.opens_at != outcome.opens_at) return fail("another opening time");
    if (applied.now != outcome.now) return fail("decided at another time");
    if (applied.detail != outcome.detail) {
      return fail("says \"" + applied.detail + "\" instead of \"" + outcome.detail + "\"");
    }
  }

  void compare(const BatchContext& context, const BatchResult& result) {
    const std::size_t gone = result.first.value() - 1;
    if (gone < context.known.value()) return fail("events from before what is known");
    if (result.events_complete != (gone == context.known.value())) return fail("says complete");
    if (!result.events_complete) count("missed many");
    for (std::size_t i = 0; i < result.events.size() && gone + i < events_.size(); ++i) {
      if (result.events[i] != events_[gone + i]) return differ(events_[gone + i], result.events[i]);
    }
    const std::uint64_t last = gone + result.events.size();
    if (leaving_ > 0 && last <= events_.size() && result.seq == Seq(last)) {
      if (result.next_due != events_.at(last - 1).at) fail("does not leave a line at once");
      return;
    }
    if (last != events_.size() || result.seq != seq()) {
      return fail("tells " + std::to_string(gone + result.events.size()) + " events instead of " +
                  std::to_string(events_.size()));
    }
    if (result.next_due != sale_.next_due()) {
      const auto text = [](const std::optional<Instant>& at) {
        return at ? std::to_string(to_ns(*at)) : std::string("never");
      };
      return fail("is due at " + text(result.next_due) + " instead of " + text(sale_.next_due()));
    }
    if (result.now != now_) return fail("another time");
    if (!waiting_.empty() && result.events.size() < kEventsPerCall)
      fail("does not reach a command");
    if (!waiting_.empty()) count("not reached");
  }

  void compare_streams() {
    const SaleId id("s" + std::to_string(seed_));
    const Reply events = connection_.call({"XRANGE", events_key(id), "-", "+"});
    if (events->elements != events_.size()) return fail("the stream has more or fewer events");
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const auto event = decode_event(*events->element[i]);
      if (!event) return fail(event.error().what);
      if (*event != events_[i]) return differ(events_[i], *event);
      count(sale::checkers::situation_of(*event));
    }
    const Reply entries = connection_.call({"XRANGE", arrivals_key(id), "-", "+"});
    std::size_t at = 0;
    for (std::size_t i = 0; i < entries->elements; ++i) {
      const auto requests = decode_arrivals(*entries->element[i]);
      if (!requests) return fail(requests.error().what);
      for (const NumberedRequest& request : *requests) {
        if (at == requests_.size()) return fail("more requests were numbered");
        const NumberedRequest& expected = requests_[at++];
        const bool same = request.arrival == expected.arrival &&
                          request.received == expected.received &&
                          request.buyer == expected.buyer && request.code == expected.code &&
                          request.order == expected.order;
        if (!same) return fail("request " + std::to_string(at) + " is recorded as another");
      }
    }
    if (at != requests_.size()) fail("fewer requests were numbered");
  }

  void clean_up() {
    std::vector<std::string> words{"DEL"};
    for (std::string& key : keys_of(SaleId("s" + std::to_string(seed_)))) {
      words.push_back(std::move(key));
    }
    connection_.call(words);
  }

  void differ(const sale::Event& expected, const sale::Event& told) {
    fail("tells event " + std::to_string(expected.seq.value()) + " as " + in_full(told) +
         " instead of " + in_full(expected));
  }

  void fail(const std::string& what) {
    if (trouble_) return;
    trouble_ = "seed " + std::to_string(seed_) + ", command " + std::to_string(done_) +
               ": the function " + what;
  }

  void count(const std::string& situation) {
    if (situations_ != nullptr) ++(*situations_)[situation];
  }

  Connection& connection_;
  const Library& library_;
  std::uint64_t seed_;
  Situations* situations_;
  RandomCommands random_;
  sale::Sale sale_;
  std::string epoch_;
  Instant now_;
  bool away_counts_;
  bool writes_ = false;  ///< the call of now writes in any case
  Instant alive_at_;
  Seq told_;                  ///< of the functions
  int leaving_ = 0;           ///< replies one after another in which a line was still being left
  bool was_leaving_ = false;  ///< before the last call
  bool closing_ = false;      ///< ... because the sale closes
  Instant told_alive_at_;
  std::size_t done_ = 0;
  int archived_for_ = 0;  ///< batches: nothing happens any more
  std::deque<sale::Command> waiting_;
  std::vector<sale::Event> events_;
  std::vector<NumberedRequest> requests_;
  std::optional<std::string> trouble_;
};

}  // namespace

std::optional<std::string> difference(Connection& connection, const Library& library,
                                      std::uint64_t seed, std::uint64_t& commands,
                                      Situations* situations) {
  return Run(connection, library, seed, situations).go(commands);
}

}  // namespace dibs::redis
