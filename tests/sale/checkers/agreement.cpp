#include "sale/checkers/agreement.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/limits.h"
#include "sale/checkers/model.h"
#include "sale/checkers/words.h"
#include "sale/sale.h"

namespace dibs::sale::checkers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SaleId kSale("s");

// A refund gives two beside the release.
constexpr std::size_t kFactsOfOneOrder = 3;

// Zero often, whole seconds that add up to the windows of the worlds, and a little beside them.
constexpr std::array<int, 8> kWaitsMs{0, 0, 0, 0, 0, 1, 1'000, 3'000};

/// Runs one script. Three sales go along: the real one, stepped only when a command comes; a
/// prompt one, stepped at the very moment of everything due; and at the end one made by replay.
class Run {
 public:
  Run(const Script& script, Coverage* coverage)
      : script_(script), coverage_(coverage), real_(kSale), prompt_(kSale) {}

  std::optional<std::string> go() {
    Put put;
    put.spec = spec_of(script_.world);
    carry_out({put, "anna"}, kStart);
    for (const Move& move : script_.moves) {
      if (trouble_) break;
      happen(move);
    }
    if (!trouble_) replay();
    if (coverage_ != nullptr) cover();
    return trouble_;
  }

 private:
  void happen(const Move& move) {
    if (move.reload) reload();
    if (move.act == Act::restart) return restart(move);
    wait(milliseconds(kWaitsMs.at(move.wait % kWaitsMs.size())));
    Instant received = now_;
    if (move.out_of_order) {
      received -= milliseconds(500);
      late_receipts_ = true;
    }
    const Scene scene{script_.world, model_, now_, ++numbered_};
    Command command{action_of(move, scene), move.act == Act::pause ? "ben" : ""};
    if (move.owner < kOwned) command.owner = BuyerId("b" + std::to_string(move.buyer % 5));
    carry_out(command, received);
  }

  void wait(Duration time) {
    now_ += time;
    while (!late_receipts_ && prompt_.next_due() && *prompt_.next_due() <= now_) {
      prompt_.step(*prompt_.next_due(), prompt_events_);
    }
  }

  /// The server goes away, maybe with something left to do, and comes back later.
  void restart(const Move& move) {
    wait(milliseconds(kWaitsMs.at(move.wait % kWaitsMs.size())));
    const Duration downtime = seconds(move.a % 8);
    const Duration known = std::min<Duration>(downtime, now_ + downtime - last_event_at());
    now_ += downtime;
    carry_out({Restart{known}, ""}, now_);
  }

  void reload() {
    std::string bytes;
    real_.save(bytes);
    auto loaded = Sale::load(kSale, bytes);
    if (!loaded) return fail("a saved sale is not loaded: " + loaded.error().what);
    if (loaded->state_hash() != real_.state_hash()) return fail("loading changes the state");
    real_ = *std::move(loaded);
  }

  void carry_out(const Command& command, Instant received) {
    const bool restarts = std::holds_alternative<Restart>(command.action);
    if (!restarts) drain(received);
    if (trouble_) return;  // what is left must not be passed by
    const Instant now = std::max(received, last_event_at());
    if (!restarts) model_.advance(now);
    const std::size_t before = events_.size();
    const Outcome outcome = real_.apply(command, received, events_);
    if (!restarts) look_at_step(command, now, events_.size() - before);
    const ModelAnswer answer = model_.apply(command, received, now);
    if (outcome.now != now) fail("decided at another time");
    compare(outcome, answer);
    if (!real_.due(now)) compare_order(outcome);
    drain(now_);
    model_.advance(std::max(now_, last_event_at()));
    compare_all();
    if (!late_receipts_) go_along(command, received);
  }

  /// What a command brings about happens with it, unless it is more than one step may do. (A sale
  /// can be put so that it is to close at once; that is a step of its own.)
  void look_at_step(const Command& command, Instant now, std::size_t new_events) {
    const bool puts = std::holds_alternative<Put>(command.action);
    const bool more = new_events > limits::kOrdersPerStep;
    if (!puts && !more && real_.due(now)) fail("something is left to be done later");
    if (new_events > limits::kOrdersPerStep + kFactsOfOneOrder) fail("one step does too much");
    if (more && coverage_ != nullptr) ++(*coverage_)["more than one step"];
  }

  /// The prompt sale must come to the same.
  void go_along(const Command& command, Instant received) {
    const bool restarts = std::holds_alternative<Restart>(command.action);
    while (!restarts && prompt_.due(received)) prompt_.step(received, prompt_events_);
    static_cast<void>(prompt_.apply(command, received, prompt_events_));
    while (prompt_.due(now_)) prompt_.step(now_, prompt_events_);
    if (prompt_.state_hash() != real_.state_hash()) fail("a late sweeper changes the outcome");
  }

  void drain(Instant now) {
    for (int steps = 0; real_.due(now); ++steps) {
      const auto before = static_cast<std::ptrdiff_t>(events_.size());
      real_.step(now, events_);
      const auto orders = std::count_if(events_.begin() + before, events_.end(),
                                        [](const Event& e) { return order_of(e).has_value(); });
      if (orders > limits::kOrdersPerStep) return fail("one step does too much");
      if (steps > 10'000) return fail("steps never end");
    }
  }

  void compare(const Outcome& outcome, const ModelAnswer& answer) {
    const auto name = [](Code code) {
      return code == Code::ok ? std::string("ok") : std::string(info(code).name);
    };
    if (coverage_ != nullptr) {
      ++(*coverage_)[name(outcome.code) + (outcome.replayed ? " replayed" : "")];
    }
    if (outcome.code != answer.code) {
      return fail("answers " + name(outcome.code) + ", the model " + name(answer.code));
    }
    if (outcome.replayed != answer.replayed) return fail("a replay is not seen as one");
    if (outcome.created != answer.created) return fail("created is wrong");
    if (answer.numbered != (outcome.arrival != Arrival())) return fail("the numbering is wrong");
    if (outcome.order.has_value() != answer.order.has_value()) return fail("the order is missing");
    if (answer.order && outcome.order->id.key != *answer.order) return fail("another order");
    std::vector<OrderKey> live;
    for (const OrderView& order : outcome.live_orders) live.push_back(order.id.key);
    if (live != answer.live) fail("the live orders differ");
  }

  void compare_order(const Outcome& outcome) {
    if (trouble_ || !outcome.order) return;
    for (const ModelOrder& o : model_.orders()) {
      if (o.key == outcome.order->id.key) compare(*outcome.order, model_.view(o, kSale));
    }
  }

  void compare(OrderView real, OrderView model) {
    real.seq = model.seq = Seq();
    if (real == model) return;
    const auto text = [](const OrderView& v) {
      return std::string(to_text(v.state)) + "/" + std::string(to_text(v.money)) + "/" +
             std::string(to_text(v.reason)) + " position " +
             std::to_string(v.position.value_or(0)) + " place " +
             std::to_string(v.place.value_or(Place()).value()) + " until " +
             std::to_string(v.expires_at ? (*v.expires_at - kStart).count() / 1'000'000 : -1);
    };
    fail("order " + std::to_string(real.arrival.value()) + " is " + text(real) + ", the model's " +
         text(model));
  }

  void compare_all() {
    if (trouble_) return;
    compare_facts();
    if (real_.exists() != model_.exists()) return fail("one of them does not exist");
    if (!real_.exists()) return;
    Sale::OrderFilter all;
    all.limit = model_.orders().size() + 1;
    const auto orders = real_.orders(all);
    if (orders.size() != model_.orders().size()) return fail("the number of orders differs");
    for (std::size_t i = 0; i < orders.size(); ++i) {
      compare(orders[i], model_.view(model_.orders()[i], kSale));
    }
    if (*real_.view().spec != model_.spec()) return fail("the spec differs");
    compare(real_.view(), model_.view(kSale));
    const auto differences = real_.recount();
    if (!differences.empty()) fail("recount: " + differences.front());
    if (events_.size() != real_.view().seq.value()) fail("the seq has a gap");
  }

  /// The same facts, at the same times, in the same order.
  void compare_facts() {
    for (; compared_ < std::min(events_.size(), model_.told().size()); ++compared_) {
      const Told real{events_[compared_].at, words_of(events_[compared_])};
      const Told& model = model_.told()[compared_];
      if (real == model) continue;
      const bool same = real.what == model.what;
      return fail(real.what + (same ? " at another time" : ", where the model says " + model.what));
    }
    if (events_.size() != model_.told().size()) fail("the number of facts differs");
  }

  void compare(SaleView real, SaleView model) {
    for (std::size_t i = 0; i < real.items.size(); ++i) {
      const ItemView& item = real.items[i];
      if (item.total != item.available + item.held + item.sold) fail("conservation is broken");
      if (item == model.items[i]) continue;
      const auto text = [](const ItemView& v) {
        return std::to_string(v.total) + " = " + std::to_string(v.available) + " + " +
               std::to_string(v.held) + " + " + std::to_string(v.sold) + ", " +
               std::to_string(v.waiting) + " waiting from " +
               std::to_string(v.head.value_or(Place()).value()) + " of " +
               std::to_string(v.places_given) + " places" + (v.shut ? ", shut" : "");
      };
      return fail("item " + std::to_string(i) + " is " + text(item) + ", the model's " +
                  text(model.items[i]));
    }
    real.spec = model.spec = nullptr;
    real.seq = model.seq = Seq();
    if (real.state != model.state) return fail("the sale's state differs");
    if (real.oldest_hold != model.oldest_hold) return fail("the oldest hold differs");
    if (real.last_winner_arrival != model.last_winner_arrival) return fail("the winner differs");
    if (real.waiting != model.waiting || real.orders != model.orders) fail("the counts differ");
  }

  void replay() {
    Sale replayed(kSale);
    for (const Event& event : events_) {
      std::string bytes;
      ByteWriter writer(bytes);
      encode(event, writer);
      ByteReader reader(bytes);
      const auto decoded = decode(reader);
      if (!decoded || !reader.finished() || *decoded != event)
        return fail("an event is not read back");
      const auto folded = replayed.replay(*decoded);
      if (!folded) return fail(folded.error().what);
    }
    if (replayed.state_hash() != real_.state_hash()) fail("replay gives another state");
    reload();
  }

  [[nodiscard]] Instant last_event_at() const {
    return events_.empty() ? Instant() : events_.back().at;
  }

  void fail(std::string what) {
    if (!trouble_) trouble_ = std::move(what);
  }

  void cover() {
    for (const Event& event : events_) ++(*coverage_)[situation_of(event)];
  }

  const Script& script_;
  Coverage* coverage_;
  Sale real_;
  Sale prompt_;
  Model model_;
  std::vector<Event> events_;
  std::vector<Event> prompt_events_;
  Instant now_ = kStart;
  std::uint64_t numbered_ = 0;
  std::size_t compared_ = 0;  ///< events that were held against the model's
  bool late_receipts_ = false;
  std::optional<std::string> trouble_;
};

}  // namespace

std::optional<std::string> disagreement(const Script& script, Coverage* coverage) {
  return Run(script, coverage).go();
}

}  // namespace dibs::sale::checkers
