#include <algorithm>
#include <ranges>
#include <utility>

#include "redis/batch.h"
#include "redis/fields.h"
#include "redis/store_impl.h"

/// Sales that have stopped: because Redis has less than was answered, or because another server
/// has taken over while they sold, which may have less than some gateway has answered.
namespace dibs::redis {
namespace {

constexpr std::size_t kOrdersNamed = 10;

/// The orders that the missing events were about, as far as they fit into a sentence.
std::string orders_after(const sale::Sale& sale, Seq seq) {
  std::string names;
  std::size_t count = 0;
  sale::Sale::OrderFilter all;
  all.limit = SIZE_MAX;
  for (const sale::OrderView& order : sale.orders(all)) {
    if (order.seq <= seq) continue;
    if (++count <= kOrdersNamed) names += (names.empty() ? "" : ", ") + to_text(order.id);
  }
  if (count == 0) return {};
  return " They changed " + std::to_string(count) + " orders: " + names +
         (count > kOrdersNamed ? ", …." : ".");
}

}  // namespace

bool Store::Impl::sells(const Slot& slot) {
  if (!slot.sale.exists()) return false;
  const sale::SaleView view = slot.sale.view();
  return view.state == sale::SaleState::open || view.state == sale::SaleState::paused ||
         view.waiting > 0 ||
         std::ranges::any_of(view.items, [](const auto& item) { return item.held > 0; });
}

void Store::Impl::fence(Slot& slot, const std::string& why) {
  if (!slot.fenced.empty()) return;
  slot.fenced = why;
  published.fence(slot.id);
  ++fenced_sales;
  warn("sale " + slot.id.value() + " has stopped: " + why);
}

void Store::Impl::fence_moved(Slot& slot, const std::string& how) {
  slot.moved = true;
  slot.compared = false;
  fence(slot, "Its primary has changed while it sold, " + how +
                  ". When no gateway says that events are missing, let it sell on: POST "
                  "/v1/sales/" +
                  slot.id.value() + "/resume at each gateway.");
}

void Store::Impl::sell_again(Slot& slot) {
  if (slot.fenced.empty()) return;
  slot.fenced.clear();
  slot.moved = false;
  slot.caught_up = false;
  published.sell_again(slot.id);
  --fenced_sales;
}

void Store::Impl::compare(Slot& slot) {
  slot.busy = true;
  slot.compared = true;
  slot.context.now = options.own_clock ? std::optional(clock.now()) : std::nullopt;
  call(slot, words_of_look(Library::built_in(), slot.context), [this, &slot](auto reply) {
    slot.busy = false;
    auto result = reply ? parse(**reply, slot.context.known, 0) : std::unexpected(reply.error());
    if (!result) {
      slot.compared = false;  // once it can be asked
      slot.not_before = monotonic_now() + std::chrono::milliseconds(100);
      return;
    }
    std::string said = "At " + slot.home->address.shown();
    if (result->fenced && result->epoch == slot.context.epoch) {
      said += " the sale ends at event " + std::to_string(result->seq.value()) +
              ": lost are events " + std::to_string(result->seq.next().value()) + " to " +
              std::to_string(slot.context.min_seq.value()) + ", which were answered from." +
              orders_after(slot.sale, result->seq);
    } else if (result->fenced) {
      said += " it is not what was answered from. " + result->why_fenced;
    } else {
      said += " nothing is missing of what this gateway has answered.";
    }
    slot.fenced += " " + said;
    warn("sale " + slot.id.value() + ": " + said);
  });
}

bool Store::Impl::compare_again(Slot& slot, Batch& batch) {
  bool asked = false;
  for (const auto& request : batch.requests) {
    const auto* command = std::get_if<SaleCommand>(&request->body);
    if (command == nullptr || !std::holds_alternative<sale::Resume>(command->command.action)) {
      continue;
    }
    asked |= !std::exchange(request->compared_again, true);
  }
  if (!asked) return false;
  for (auto& request : std::views::reverse(batch.requests)) {
    slot.queue.push_front(std::move(request));
  }
  sell_again(slot);
  catch_up(slot);
  return true;
}

void Store::Impl::answer_fenced(Slot& slot, Batch& batch) {
  for (auto& request : batch.requests) {
    if (auto* command = std::get_if<SaleCommand>(&request->body)) {
      sale::Outcome outcome;
      outcome.code = sale::Code::fenced;
      outcome.now = clock.now();
      outcome.detail = slot.fenced;
      command->reply(std::move(outcome));
    } else {
      // What was answered before the loss is what buyers may still see. Of what is not in it nobody
      // here can say that it does not exist.
      const Fault stopped{FaultKind::corrupt, slot.fenced, "Ask again when the sale sells on."};
      std::get<SaleLook>(request->body).look(&slot.sale, &stopped);
    }
  }
}

}  // namespace dibs::redis
