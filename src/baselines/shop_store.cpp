#include "baselines/shop_store.h"

#include <sys/random.h>

#include <condition_variable>
#include <thread>
#include <utility>

#include "base/assert.h"

namespace dibs::baselines {
namespace {

constexpr std::string_view kNotHere =
    "This server sells by a design of the past, for comparison only, and does not do that.";

Keys keys_of(const SaleId& sale, std::uint32_t gateway) {
  const std::string start = "shop:{" + sale.value() + "}:";
  const std::string own = gateway == 0 ? "" : "-" + std::to_string(gateway);
  return {start + "stock", start + "lock", start + "queue" + own, start + "orders" + own};
}

OrderKey random_key() {
  OrderKey key;
  // As many bytes as never block and never come short.
  const auto got = getrandom(key.bytes.data(), key.bytes.size(), 0);
  DIBS_ASSERT(got == static_cast<ssize_t>(key.bytes.size()));
  return key;
}

template <class T>
void refuse(store::Reply<T>& reply) {
  reply(fault(FaultKind::bad_input, std::string(kNotHere), "Use the engine or Redis for that."));
}

sale::Outcome refusal(sale::Code code, Instant now, std::string detail = {}) {
  sale::Outcome outcome;
  outcome.code = code;
  outcome.now = now;
  outcome.detail = std::move(detail);
  return outcome;
}

sale::Outcome with_order(sale::OrderView order, Instant now) {
  sale::Outcome outcome;
  outcome.arrival = order.arrival;
  outcome.now = now;
  outcome.order = std::move(order);
  return outcome;
}

}  // namespace

Result<std::unique_ptr<ShopStore>> ShopStore::open(Options options, const Clock& clock) {
  if (!options.settings.sleep) {
    options.settings.sleep = [](Duration pause) { std::this_thread::sleep_for(pause); };
  }
  std::unique_ptr<ShopStore> store(new ShopStore(std::move(options), clock));
  const Options& given = store->options_;
  if (store->design_ == nullptr) {
    return fault(FaultKind::bad_input, "There is no design called " + given.design + ".",
                 "Take lock, lock-improved, lock-wait, queue or lua.");
  }
  auto redis = Redis::open(given.host, given.port);
  if (!redis) return std::unexpected(redis.error());
  store->worker_redis_ = std::move(*redis);
  auto pool = Pool::open(given.host, given.port, given.threads);
  if (!pool) return std::unexpected(pool.error());
  store->pool_ = std::move(*pool);
  if (given.worker_period > Duration(0)) {
    store->worker_ = std::jthread(
        [store = store.get()](const std::stop_token& stop) { store->turn_worker(stop); });
  }
  return store;
}

ShopStore::ShopStore(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), design_(make_design(options_.design)) {}

ShopStore::~ShopStore() { drain(); }

void ShopStore::drain() {
  worker_ = {};
  pool_.reset();
}

void ShopStore::turn_worker(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    never.wait_for(lock, stop, options_.worker_period, [] { return false; });
    if (!stop.stop_requested()) work_once();
  }
}

void ShopStore::work_once() {
  std::vector<std::shared_ptr<Shelf>> shelves;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, shelf] : sales_) shelves.push_back(shelf);
  }
  const std::lock_guard lock(worker_mutex_);
  for (const auto& shelf : shelves) {
    Desk at = desk(*worker_redis_, *shelf);
    design_->work(at);
  }
}

Desk ShopStore::desk(Redis& redis, Shelf& shelf) {
  return {redis, shelf.keys, shelf.book, options_.settings, shelf.stock};
}

std::shared_ptr<ShopStore::Shelf> ShopStore::find(const SaleId& sale) const {
  const std::lock_guard lock(mutex_);
  const auto found = sales_.find(sale);
  return found == sales_.end() ? nullptr : found->second;
}

void ShopStore::in_turn(OutcomeReply reply, std::move_only_function<sale::Outcome(Redis&)> task) {
  auto shared = std::make_shared<OutcomeReply>(std::move(reply));
  Pool::Task turn = [this, shared, task = std::move(task)](Redis& redis) mutable {
    if (redis.lost()) {
      // What the call before left half done stays so: these designs repair nothing.
      if (auto again = Redis::open(options_.host, options_.port)) redis = std::move(*again);
    }
    sale::Outcome outcome = task(redis);
    if (!redis.lost()) return (*shared)(std::move(outcome));
    (*shared)(fault(FaultKind::unknown, redis.why_lost(), "Look at Redis."));
  };
  if (pool_->give(turn)) return;
  (*shared)(fault(FaultKind::unavailable, "Too many calls are waiting.", "Try again later."));
}

void ShopStore::submit(const Stamp& /*stamp*/, SaleId sale, sale::Command command,
                       OutcomeReply reply) {
  if (const auto* given = std::get_if<sale::Put>(&command.action)) {
    return put(sale, *given, std::move(reply));
  }
  const auto shelf = find(sale);
  if (!shelf) return reply(refusal(sale::Code::unknown_sale, clock_.now()));
  if (auto* wanted = std::get_if<sale::Buy>(&command.action)) {
    return buy(shelf, std::move(*wanted), std::move(reply));
  }
  const auto key = std::visit(
      [](const auto& action) -> std::optional<OrderKey> {
        if constexpr (requires { action.order; }) return action.order;
        return std::nullopt;
      },
      command.action);
  if (!key) return refuse(reply);
  const auto order = shelf->book.find(*key);
  if (!order || (!command.owner.empty() && order->buyer != command.owner)) {
    return reply(refusal(sale::Code::unknown_order, clock_.now()));
  }
  pay(shelf, *order, command.action, std::move(reply));
}

void ShopStore::put(const SaleId& sale, const sale::Put& put, OutcomeReply reply) {
  if (put.spec.items.size() != 1 || put.spec.payment != sale::PaymentMode::provider ||
      put.spec.opens_at.value_or(Instant{}) > clock_.now() || find(sale)) {
    return reply(fault(FaultKind::bad_input,
                       "For comparison a sale has one item, is open at once, is paid through the "
                       "provider, and is never changed.",
                       "Use the engine or Redis for anything else."));
  }
  auto shelf = std::make_shared<Shelf>();
  shelf->id = sale;
  auto spec = std::make_shared<sale::SaleSpec>(put.spec);
  if (!spec->opens_at) spec->opens_at = clock_.now();
  spec->line_limit = 0;
  shelf->spec = std::move(spec);
  shelf->keys = keys_of(sale, options_.gateway);
  shelf->stock = put.spec.items.front().stock;
  in_turn(std::move(reply), [this, shelf](Redis& redis) {
    redis.number({"DEL", shelf->keys.lock, shelf->keys.queue, shelf->keys.orders});
    redis.done({"SET", shelf->keys.stock, std::to_string(shelf->stock)});
    sale::Outcome outcome;
    outcome.created = true;
    outcome.now = clock_.now();
    if (redis.lost()) return outcome;
    const std::lock_guard lock(mutex_);
    sales_.emplace(shelf->id, shelf);
    return outcome;
  });
}

sale::OrderView ShopStore::draft(const Shelf& shelf, const sale::Buy& buy,
                                 std::int64_t price) const {
  sale::OrderView order;
  order.id = {random_key(), shelf.id};
  order.buyer = buy.buyer;
  order.key = buy.key;
  order.reference = buy.reference;
  order.lines = buy.lines;
  order.lines.front().price = price;
  order.amount = price * order.lines.front().quantity;
  order.created_at = clock_.now();
  order.expires_at = order.created_at + std::chrono::seconds(shelf.spec->hold_seconds);
  return order;
}

void ShopStore::buy(const std::shared_ptr<Shelf>& shelf, sale::Buy buy, OutcomeReply reply) {
  const sale::ItemSpec& item = shelf->spec->items.front();
  if (buy.lines.size() != 1 || buy.lines.front().sku != item.sku) {
    return reply(refusal(sale::Code::unknown_sku, clock_.now()));
  }
  sale::OrderView order = draft(*shelf, buy, item.price);
  order.arrival = Arrival(shelf->arrivals++ * options_.gateways + options_.gateway + 1);
  in_turn(std::move(reply), [this, shelf, order = std::move(order)](Redis& redis) mutable {
    return sell(redis, *shelf, std::move(order));
  });
}

sale::Outcome ShopStore::sell(Redis& redis, Shelf& shelf, sale::OrderView order) {
  Desk at = desk(redis, shelf);
  const Bought bought = design_->buy(at, order);
  const Instant now = clock_.now();
  if (bought == Bought::sold_out) {
    sale::Outcome outcome = refusal(sale::Code::sold_out, now);
    outcome.arrival = order.arrival;
    return outcome;
  }
  if (bought == Bought::lock_failed) {
    return refusal(sale::Code::wrong_state, now,
                   std::string(kLockFailed) + "somebody else has the sale's lock; press again.");
  }
  const bool noted = order.seq != Seq{};
  if (bought == Bought::paid) {
    order.state = sale::OrderState::paid;
    order.money = sale::Money::captured;
  } else if (bought == Bought::payment_failed) {
    order.state = sale::OrderState::released;
    order.reason = sale::Reason::payment_failed;
  }
  if (order.state != sale::OrderState::held) order.expires_at.reset();
  if (!noted) shelf.book.add(order);
  return with_order(std::move(order), now);
}

void ShopStore::pay(const std::shared_ptr<Shelf>& shelf, const sale::OrderView& order,
                    const sale::Command::Action& action, OutcomeReply reply) {
  // What the buyer is told is what the design believes; what is recorded may be something else.
  sale::OrderView told = order;
  if (std::holds_alternative<sale::BeginPayment>(action)) {
    shelf->book.begin_payment(order.id.key);
    told.state = sale::OrderState::paying;
    told.reason = sale::Reason::none;
    return reply(with_order(std::move(told), clock_.now()));
  }
  told.expires_at.reset();
  const auto tell_paid = [&told] {
    told.state = sale::OrderState::paid;
    told.money = sale::Money::captured;
    told.reason = sale::Reason::none;
  };
  if (std::holds_alternative<sale::CaptureSettled>(action)) {
    tell_paid();
    return reply(with_order(std::move(told), clock_.now()));
  }
  if (std::holds_alternative<sale::PaymentSucceeded>(action)) {
    tell_paid();
    return in_turn(std::move(reply), [this, shelf, order, told = std::move(told)](Redis& redis) {
      Desk at = desk(redis, *shelf);
      design_->payment_succeeded(at, order);
      return with_order(told, clock_.now());
    });
  }
  if (!std::holds_alternative<sale::PaymentFailed>(action)) return refuse(reply);
  told.state = sale::OrderState::released;
  told.money = sale::Money::none;
  told.reason = sale::Reason::payment_failed;
  in_turn(std::move(reply), [this, shelf, order, told = std::move(told)](Redis& redis) {
    Desk at = desk(redis, *shelf);
    design_->payment_failed(at, order);
    return with_order(told, clock_.now());
  });
}

void ShopStore::find_sale(const Stamp& /*stamp*/, SaleId sale,
                          store::Reply<std::optional<sale::SaleView>> reply) {
  const auto view = glance(sale);
  reply(view ? std::optional(*view) : std::nullopt);
}

void ShopStore::list_sales(const Stamp& /*stamp*/,
                           store::Reply<std::vector<sale::SaleView>> reply) {
  std::vector<SaleId> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, shelf] : sales_) ids.push_back(id);
  }
  std::vector<sale::SaleView> views;
  for (const SaleId& id : ids) views.push_back(*glance(id));
  reply(std::move(views));
}

void ShopStore::find_order(const Stamp& /*stamp*/, OrderId order,
                           store::Reply<std::optional<sale::OrderView>> reply) {
  const auto shelf = find(order.sale);
  reply(shelf ? shelf->book.find(order.key) : std::nullopt);
}

void ShopStore::list_orders(const Stamp& /*stamp*/, SaleId sale, sale::Sale::OrderFilter filter,
                            store::Reply<std::vector<sale::OrderView>> reply) {
  const auto shelf = find(sale);
  reply(shelf ? shelf->book.list(filter) : std::vector<sale::OrderView>());
}

void ShopStore::list_arrivals(SaleId /*sale*/, store::ArrivalFilter /*filter*/,
                              store::Reply<std::vector<store::ArrivalRecord>> reply) {
  refuse(reply);
}

void ShopStore::history(OrderId /*order*/, store::Reply<std::vector<sale::Event>> reply) {
  refuse(reply);
}

std::shared_ptr<const sale::SaleView> ShopStore::glance(const SaleId& sale) const {
  const auto shelf = find(sale);
  if (!shelf) return nullptr;
  const Book::Totals totals = shelf->book.totals();
  auto view = std::make_shared<sale::SaleView>();
  view->id = shelf->id;
  view->spec = shelf->spec;
  view->state = sale::SaleState::open;
  view->ever_opened = true;
  view->seq = totals.seq;
  sale::ItemView item;
  item.total = shelf->spec->items.front().stock;
  item.available = shelf->stock;
  item.held = totals.held;
  item.sold = totals.sold;
  item.waiting = totals.waiting;
  item.head = totals.head;
  view->items = {item};
  view->waiting = totals.waiting;
  view->orders = totals.orders;
  view->last_winner_arrival = totals.last_winner;
  return view;
}

store::Durability ShopStore::durability() const {
  return {"none", "For comparison only: nothing is promised, and a crash of Redis loses all."};
}

}  // namespace dibs::baselines
