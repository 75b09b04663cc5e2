#include "sale/checkers/search.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "sale/checkers/onlooker.h"
#include "sale/hash.h"
#include "sale/sale.h"

namespace dibs::sale::checkers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SaleId kSale("s");
const Instant kStart = from_ns(1'000'000'000'000'000'000);

struct Node {
  std::string saved;
  Instant now;
  std::uint64_t numbered = 0;
  Onlooker::Memory memory;
  std::map<Arrival, int> declines;  ///< not to be seen from outside, but they matter later
  std::string path;                 ///< how to get here, for a person
};

/// A command, or the passing of time until something is due.
struct Choice {
  std::optional<Command> command;
  std::string text;
};

bool is_over(const OrderView& o) {
  switch (o.state) {
    case OrderState::sold_out:
    case OrderState::closed:
      return true;
    case OrderState::released:
      return o.money != Money::none || o.reason == Reason::cancelled;
    default:
      return false;
  }
}

OrderKey key_of(std::uint64_t number) {
  OrderKey key;
  key.bytes[0] = static_cast<std::uint8_t>(number);
  key.bytes[1] = static_cast<std::uint8_t>(number >> 8U);
  return key;
}

class Search {
 public:
  explicit Search(const SmallWorld& world) : world_(world) {}

  SearchResult run() {
    frontier_.push_back(first());
    for (int depth = 0; depth < world_.depth && !result_.broken; ++depth) {
      std::vector<Node> nodes;
      nodes.swap(frontier_);
      last_level_ = depth + 1 == world_.depth;
      for (const Node& node : nodes) {
        if (result_.broken) break;
        expand(node);
      }
    }
    return result_;
  }

 private:
  Node first() {
    Sale sale(kSale);
    std::vector<Event> events;
    Put put;
    put.spec = world_.spec;
    static_cast<void>(sale.apply({put, ""}, kStart, events));
    Node node;
    sale.save(node.saved);
    node.now = kStart;
    return node;
  }

  void expand(const Node& node) {
    const auto sale = Sale::load(kSale, node.saved);
    if (!sale) return fail(node, "", "a saved sale is not loaded: " + sale.error().what);
    const Sight before = look_at(*sale);
    for (const Choice& choice : choices(node, *sale, before)) {
      follow(node, before, choice);
      if (result_.broken) return;
    }
  }

  std::vector<Choice> choices(const Node& node, const Sale& sale, const Sight& sight) const {
    std::vector<Choice> all;
    add_buys(node, sight, all);
    for (const OrderView& o : sight.orders) {
      if (is_over(o)) continue;
      const OrderKey key = o.id.key;
      const std::string order = " " + std::to_string(o.arrival.value());
      all.push_back({Command{BeginPayment{key}, ""}, "begin" + order});
      all.push_back({Command{PaymentSucceeded{key, true}, ""}, "pay" + order});
      all.push_back({Command{PaymentFailed{key}, ""}, "fail" + order});
      all.push_back({Command{Cancel{key}, ""}, "cancel" + order});
    }
    for (std::size_t i = 0; i < world_.spec.items.size(); ++i) {
      const ItemSpec& item = world_.spec.items[i];
      const std::int64_t more = sight.sale.items[i].total - item.stock;
      if (more < 1) all.push_back({Command{Restock{item.sku, 1, {}}, ""}, "restock +1"});
      if (more > -1) all.push_back({Command{Restock{item.sku, -1, {}}, ""}, "restock -1"});
    }
    const bool paused = sight.sale.state == SaleState::paused;
    if (paused) all.push_back({Command{Resume{}, ""}, "resume"});
    if (!paused) all.push_back({Command{Pause{}, ""}, "pause"});
    all.push_back({Command{Close{}, ""}, "close"});
    if (paused || sale.next_due()) all.push_back({std::nullopt, "wait"});
    return all;
  }

  /// Buyers who have nothing are alike: one of them speaks for all.
  void add_buys(const Node& node, const Sight& sight, std::vector<Choice>& all) const {
    std::set<std::string> known;
    for (const OrderView& o : sight.orders) {
      if (!is_over(o)) known.insert(o.buyer.value());
    }
    int newcomers = 0;
    for (int buyer = 0; buyer < world_.buyers; ++buyer) {
      const std::string name = "b" + std::to_string(buyer);
      if (!known.contains(name) && newcomers++ > 0) continue;
      for (const auto& basket : world_.baskets) {
        Buy buy;
        buy.buyer = BuyerId(name);
        buy.lines = basket;
        buy.arrival = Arrival(node.numbered + 1);
        buy.order = key_of(node.numbered + 1);
        std::string text = name + " buys";
        for (const OrderLine& line : basket) {
          text += " " + std::to_string(line.quantity) + " " + line.sku.value();
        }
        all.push_back({Command{buy, ""}, text});
      }
    }
  }

  void follow(const Node& from, const Sight& before, const Choice& choice) {
    ++result_.transitions;
    auto sale = *Sale::load(kSale, from.saved);
    Node to = from;
    std::vector<Event> events;
    std::optional<Outcome> outcome;
    if (choice.command) {
      outcome = sale.apply(*choice.command, from.now, events);
      if (sale.due(from.now)) return fail(from, choice.text, "something is left to be done later");
    } else {
      to.now = next_moment(before, from);
    }
    for (int steps = 0; sale.due(to.now); ++steps) {
      if (steps > 1'000) return fail(from, choice.text, "steps never end");
      sale.step(to.now, events);
    }

    const Sight after = look_at(sale);
    Onlooker onlooker(before, after, to.memory);
    auto broken = onlooker.judge(choice.command ? &*choice.command : nullptr,
                                 outcome ? &*outcome : nullptr, to.now);
    if (!broken) broken = check_refusal(choice, after, events, outcome);
    if (!broken) broken = check_events(from, before, sale, events);
    if (broken) return fail(from, choice.text, *broken);
    remember(std::move(to), choice, sale, after, events);
  }

  /// The next deadline as the orders tell it, not as the sale says when it is due.
  static Instant next_moment(const Sight& sight, const Node& node) {
    std::optional<Instant> next;
    for (const OrderView& o : sight.orders) {
      if (o.expires_at && (!next || *o.expires_at < *next)) next = *o.expires_at;
    }
    return next && *next > node.now ? *next : node.now + seconds(1);
  }

  /// A refusal changes nothing, except that a line that was full is shut. One that has nobody in it
  /// and units to give says at once that it is open again.
  static std::optional<std::string> check_refusal(const Choice& choice, const Sight& after,
                                                  const std::vector<Event>& events,
                                                  const std::optional<Outcome>& outcome) {
    if (!outcome || outcome->code == Code::ok || outcome->code == Code::too_late) return {};
    std::set<std::string> reopened;
    for (const Event& event : events) {
      const auto* reopens = std::get_if<LineReopened>(&event.fact);
      if (reopens != nullptr) reopened.insert(reopens->sku.value());
      const bool shuts = std::holds_alternative<LineShut>(event.fact);
      if (reopens == nullptr && !shuts) return "a refusal changed something";
    }
    if (events.empty()) return {};
    const auto& lines = std::get<Buy>(choice.command->action).lines;
    for (std::size_t i = 0; i < after.sale.items.size(); ++i) {
      const SkuId& sku = after.sale.spec->items[i].sku;
      const bool wanted = std::ranges::count(lines, sku, &OrderLine::sku) > 0;
      if (wanted && !after.sale.items[i].shut && !reopened.contains(sku.value())) {
        return "a line that refused somebody does not say that it is open again";
      }
    }
    return {};
  }

  std::optional<std::string> check_events(const Node& from, const Sight& before, const Sale& sale,
                                          const std::vector<Event>& events) {
    const auto differences = sale.recount();
    if (!differences.empty()) return "recount: " + differences.front();
    if (sale.view().seq.value() != before.sale.seq.value() + events.size()) return "a gap in seq";
    if (result_.transitions % kReplayEvery != 0) return std::nullopt;
    auto replayed = *Sale::load(kSale, from.saved);
    for (const Event& event : events) {
      const auto folded = replayed.replay(event);
      if (!folded) return folded.error().what;
    }
    if (replayed.state_hash() != sale.state_hash()) return "replay gives another state";
    return std::nullopt;
  }

  void remember(Node to, const Choice& choice, const Sale& sale, const Sight& after,
                const std::vector<Event>& events) {
    for (const Event& event : events) {
      if (const auto* f = std::get_if<Declined>(&event.fact)) ++to.declines[f->order.arrival];
    }
    if (!seen_.insert(hash64(canonical(to, after))).second) return;
    ++result_.states;
    if (last_level_) return;
    const bool bought = choice.command && std::holds_alternative<Buy>(choice.command->action);
    to.numbered += bought ? 1 : 0;
    to.path += (to.path.empty() ? "" : ", ") + choice.text;
    to.saved.clear();
    sale.save(to.saved);
    frontier_.push_back(std::move(to));
  }

  /// Everything that can matter from here on, with buyers renamed in order of appearance and times
  /// relative to the sale's clock, which stands still in a pause.
  static std::string canonical(const Node& node, const Sight& sight) {
    const Instant clock = node.memory.paused_since.value_or(node.now);
    std::string text(1, static_cast<char>(sight.sale.state));
    const auto add = [&text](std::int64_t value) { text += std::to_string(value) + ","; };
    add((node.now - clock) / milliseconds(1));
    for (const ItemView& item : sight.sale.items) {
      add(item.total);
      add(item.available);
      add(item.sold);
      add(item.shut ? 1 : 0);
    }
    std::map<std::string, int> names;
    for (const OrderView& o : sight.orders) {
      if (is_over(o)) continue;
      add(names.emplace(o.buyer.value(), names.size()).first->second);
      add(static_cast<int>(o.state));
      add(static_cast<int>(o.money));
      add(static_cast<int>(o.reason));
      add(o.expires_at ? (*o.expires_at - clock) / milliseconds(1) : 0);
      const auto declined = node.declines.find(o.arrival);
      add(declined == node.declines.end() ? 0 : declined->second);
      add(node.memory.prolonged.contains(o.arrival) ? 1 : 0);
      for (const OrderLine& line : o.lines)
        text += line.sku.value() + std::to_string(line.quantity);
      text += ';';
    }
    return text;
  }

  void fail(const Node& node, const std::string& choice, const std::string& what) {
    if (!result_.broken) result_.broken = what + ", after: " + node.path + ", " + choice;
  }

  static constexpr std::uint64_t kReplayEvery = 8;

  const SmallWorld& world_;
  SearchResult result_;
  std::vector<Node> frontier_;
  std::unordered_set<std::uint64_t> seen_;
  bool last_level_ = false;
};

}  // namespace

SearchResult search(const SmallWorld& world) { return Search(world).run(); }

}  // namespace dibs::sale::checkers
