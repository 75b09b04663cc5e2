#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "redis/event_feed.h"
#include "redis/rehearsal.h"
#include "redis/trimmed_gateway.h"

/// The trim on a real server: what holds it back, what becomes of whoever asks for what was cut,
/// and what a gateway killed in the middle of it leaves.
///
/// Planted, each seen: followers that are not asked; a cut without a snapshot; pieces that are not
/// made to stay. A packed state without the mark of a shut line: trim_differential_test.cpp.
namespace dibs::redis {
namespace {

using namespace std::chrono_literals;

const SaleId kSale("concert");

class Trim : public testing::Test {
 protected:
  Store::Options options(const TempDir& dir) const {
    Store::Options options = options_for(server_, dir.path());
    options.durability = Promise::relaxed;
    options.trim = eager_trim();
    return options;
  }
  std::uint64_t first() { return first_event(connection_, kSale); }
  std::uint64_t snapshot() {
    const std::string seq = connection_.text({"HGET", snapshot_key(kSale), "seq"});
    return std::strtoull(seq.c_str(), nullptr, 10);
  }
  /// The packed state of the sale as a gateway that starts now has it, with its place.
  Result<Rehearsed> as_of_now(Seq upto) {
    Link link(options_for(server_, "").addresses.front(), 5s, system_clock());
    auto pointer = read_pointer(link, kSale);
    if (!pointer) return std::unexpected(pointer.error());
    const std::string epoch = connection_.text({"HGET", keys_of(kSale).front(), "epoch"});
    const std::atomic<bool> stop{false};
    return rehearse(link, {.sale = kSale,
                           .epoch = epoch,
                           .upto = upto,
                           .pointer = *pointer ? &**pointer : nullptr,
                           .save_live = {},
                           .stop = stop});
  }

  RedisServer server_;
  Connection connection_ = server_.connect();
};

sale::Command put_concert(std::int64_t stock = 100'000) { return {.action = concert_of(stock)}; }

TEST_F(Trim, cuts_no_further_than_the_ledger_is_and_nothing_without_one) {
  const TempDir dir;
  const TempDir other;
  TrimmingGateway gateway(options(dir));
  gateway.ledger_is_at(30);
  ASSERT_TRUE(gateway.run(kSale, put_concert()));
  gateway.sell(kSale, 200);
  EXPECT_TRUE(comes_true([&] { return first() == 30; })) << first();
  EXPECT_GT(snapshot(), 40U);
  EXPECT_FALSE(comes_true([&] { return first() != 30; }, 2)) << "the ledger needs event 30";
  const auto states = gateway.store().trim_states();
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states.front().held_by, gateway.name("ledger test"));
  EXPECT_EQ(states.front().trimmed, Seq(29));
  EXPECT_EQ(states.front().events, 202U - 29U);
  EXPECT_GT(states.front().snapshot_bytes, 0U);

  gateway.ledger_is_unknown(true);
  gateway.ledger_is_at(150);
  EXPECT_FALSE(comes_true([&] { return first() != 30; }, 2)) << "nobody knows where it is";
  gateway.ledger_is_unknown(false);
  EXPECT_TRUE(comes_true([&] { return first() == 150 || first() == snapshot(); }));

  // Another gateway follows with something else: it is noted before it holds anything back.
  Store::Options second = options(other);
  TrimmingGateway notices(second, system_clock(), "notices of another gateway");
  notices.ledger_is_at(170);
  const std::string noted = notices.name("notices of another gateway");
  EXPECT_TRUE(
      comes_true([&] { return connection_.text({"HGET", followers_key(kSale), noted}) == "170"; }));
  gateway.ledger_is_at(UINT64_MAX - 1);
  gateway.sell(kSale, 100, "c");
  EXPECT_TRUE(comes_true([&] { return first() == 170; })) << first();
  EXPECT_FALSE(comes_true([&] { return first() != 170; }, 2));
}

TEST_F(Trim, cuts_nothing_where_nobody_keeps_for_good_what_is_cut) {
  const TempDir dir;
  TrimmingGateway gateway(options(dir), system_clock(), "notices test");
  ASSERT_TRUE(gateway.run(kSale, put_concert()));
  gateway.sell(kSale, 200);
  EXPECT_TRUE(comes_true([&] {
    const auto states = gateway.store().trim_states();
    return !states.empty() && states.front().held_by == "nobody";
  }));
  EXPECT_EQ(first(), 1U);
  EXPECT_EQ(snapshot(), 0U);
}

TEST_F(Trim, leaves_what_gateways_that_run_may_not_have_read) {
  const TempDir dir;
  Store::Options patient = options(dir);
  patient.trim.keep_events = 50;
  TrimmingGateway gateway(patient);
  ASSERT_TRUE(gateway.run(kSale, put_concert()));
  gateway.sell(kSale, 300);
  EXPECT_TRUE(comes_true([&] { return snapshot() > 252; }) || first() > 1);
  EXPECT_LE(first(), 302U - 50U + 1U);
  const TempDir other;
  Store::Options later = options(other);
  later.trim.keep_for = 1h;
  const std::uint64_t before = first();
  gateway.store().drain();
  TrimmingGateway slow(later, system_clock(), "ledger test");
  slow.sell(kSale, 100, "c");
  EXPECT_FALSE(comes_true([&] { return first() != before; }, 3)) << "an hour has not passed";
}

TEST_F(Trim, a_follower_of_what_was_cut_is_told_so_and_the_other_sales_go_on) {
  const TempDir dir;
  TrimmingGateway gateway(options(dir));
  const SaleId other("other");
  ASSERT_TRUE(gateway.run(kSale, put_concert()));
  ASSERT_TRUE(gateway.run(other, put_concert()));
  gateway.sell(kSale, 200);
  gateway.sell(other, 10);
  ASSERT_TRUE(comes_true([&] { return first() > 100; }));
  const auto reader = gateway.store().read_events({}, std::nullopt);
  std::size_t events_of_other = 0;
  std::optional<Fault> fault;
  for (int i = 0; i < 6; ++i) {
    const auto batch = reader->next(100);
    if (!batch) {
      fault = batch.error();
      continue;
    }
    EXPECT_FALSE(batch->caught_up);
    for (const auto& fed : batch->events) {
      EXPECT_EQ(fed.sale, other);
      ++events_of_other;
    }
  }
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->kind, FaultKind::corrupt);
  const std::string cut = "Events 1 to " + std::to_string(first() - 1) + " of sale concert";
  EXPECT_NE(fault->what.find(cut), std::string::npos) << fault->what;
  EXPECT_EQ(events_of_other, 12U);

  // One that had them goes on.
  const auto further = gateway.store().read_events(
      {.position = {}, .sales = {{kSale, Seq(first() - 1)}, {other, Seq(12)}}}, std::nullopt);
  const auto rest = further->next(1000);
  ASSERT_TRUE(rest.has_value()) << rest.error().what;
  EXPECT_EQ(rest->events.front().event.seq.value(), first());

  // The history of an order of then is not half told.
  store::Pending<std::vector<sale::Event>> history;
  const auto orders = gateway.orders(kSale);
  gateway.store().history(orders->front().id, history.reply());
  const auto told = history.wait();
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, FaultKind::not_found);
  EXPECT_NE(told.error().what.find("begins before event"), std::string::npos);
  store::Pending<std::vector<sale::Event>> late;
  gateway.store().history(orders->back().id, late.reply());
  EXPECT_EQ(late.wait()->size(), 1U);
}

TEST_F(Trim, two_gateways_that_cut_at_once_and_sell_lose_nothing) {
  const TempDir one;
  const TempDir two;
  {
    TrimmingGateway a(options(one));
    TrimmingGateway b(options(two));
    ASSERT_TRUE(a.run(kSale, put_concert()));
    std::thread others([&] { b.sell(kSale, 3'000, "of-b-"); });
    a.sell(kSale, 3'000, "of-a-");
    others.join();
    EXPECT_TRUE(comes_true([&] { return first() > 5'000; })) << first();
    const auto view_a = a.view(kSale);
    const auto view_b = b.view(kSale);
    ASSERT_TRUE(view_a && view_b);
    EXPECT_EQ((*view_a)->items, (*view_b)->items);
    EXPECT_EQ((*view_a)->items.front().held, 6'000);
    EXPECT_EQ(*a.orders(kSale), *b.orders(kSale));
    EXPECT_EQ(a.store().counters().fenced + b.store().counters().fenced, 0U);
  }
  const auto made = as_of_now(Seq(6'002));
  ASSERT_TRUE(made) << made.error().what;
  const auto loaded = sale::Sale::load(kSale, made->bytes);
  EXPECT_EQ(loaded->view().orders, 6'000U);
  // What counts, and what is on its way out.
  std::size_t lasting = 0;
  const Reply pieces = connection_.call({"KEYS", "dibs:{concert}:snapshot:*"});
  for (std::size_t i = 0; i < pieces->elements; ++i) {
    lasting += connection_.call({"TTL", pieces->element[i]->str})->integer == -1 ? 1U : 0U;
  }
  EXPECT_EQ(lasting, 1U);
}

/// A process of its own, killed by its own hand at the step of that name, for the `nth` time.
void gateway_that_dies_at(const Store::Options& options, std::string_view step, int nth) {
  const pid_t child = ::fork();
  if (child == 0) {
    Store::Options deadly = options;
    std::atomic<int> times{0};
    deadly.trim.at_step = [&times, step, nth](std::string_view now) {
      if (now == step && ++times == nth) ::kill(::getpid(), SIGKILL);
    };
    TrimmingGateway gateway(deadly);
    if (!gateway.view(kSale).value_or(std::nullopt)) {
      static_cast<void>(gateway.run(kSale, put_concert()));
    }
    for (int i = 0; i < 3'000; ++i) {
      gateway.sell(kSale, 50, "of-" + std::to_string(::getpid()) + "-" + std::to_string(i) + "-");
      std::this_thread::sleep_for(5ms);
    }
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it was never at the step " << step;
}

TEST_F(Trim, a_gateway_killed_at_any_step_leaves_a_sale_that_comes_up_whole) {
  const TempDir dir;
  for (const std::string_view step : {"begin", "piece", "point", "pointed", "cut", "was cut"}) {
    for (const int nth : {1, 2}) {
      SCOPED_TRACE(std::string(step) + " " + std::to_string(nth));
      gateway_that_dies_at(options(dir), step, nth);
      const auto seq = std::strtoull(
          connection_.text({"HGET", keys_of(kSale).front(), "seq"}).c_str(), nullptr, 10);
      const auto made = as_of_now(Seq(seq));
      ASSERT_TRUE(made) << made.error().what;
      const auto loaded = sale::Sale::load(kSale, made->bytes);
      ASSERT_TRUE(loaded);
      // created, opened, and an event an order: none is missing, none is there twice.
      EXPECT_EQ(loaded->view().orders + 2, seq);
      const auto fields = connection_.call({"HLEN", keys_of(kSale).at(2)})->integer;
      EXPECT_EQ(fields, static_cast<long long>(seq - 2 + 1)) << "orders, and the field of no name";
    }
  }
  EXPECT_GT(first(), 1U);
  // Pieces that nothing points to are on their way out.
  const Reply pieces = connection_.call({"KEYS", "dibs:{concert}:snapshot:*"});
  const std::string counts =
      "dibs:{concert}:snapshot:" + connection_.text({"HGET", snapshot_key(kSale), "pieces"});
  for (std::size_t i = 0; i < pieces->elements; ++i) {
    const bool lasts = connection_.call({"TTL", pieces->element[i]->str})->integer == -1;
    EXPECT_EQ(lasts, counts == pieces->element[i]->str);
  }
  const TempDir fresh;
  TrimmingGateway gateway(options(fresh));
  const auto view = gateway.view(kSale);
  ASSERT_TRUE(view && *view) << gateway.warnings();
  gateway.sell(kSale, 10, "at-last-");
}

TEST_F(Trim, a_damaged_piece_is_named_and_a_gateway_that_runs_writes_another) {
  const TempDir one;
  const TempDir two;
  auto veteran = std::make_unique<TrimmingGateway>(options(one));
  ASSERT_TRUE(veteran->run(kSale, put_concert()));
  veteran->sell(kSale, 200);
  ASSERT_TRUE(comes_true([&] { return first() > 100; }));
  ASSERT_TRUE(comes_true([&] { return snapshot() + 40 > 202; }));
  const std::string pieces =
      "dibs:{concert}:snapshot:" + connection_.text({"HGET", snapshot_key(kSale), "pieces"});
  std::string bytes = connection_.text({"HGET", pieces, "1"});
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  connection_.text({"HSET", pieces, "1", bytes});

  TrimmingGateway fresh(options(two), system_clock(), "");
  EXPECT_TRUE(comes_true([&] { return fresh.warnings().find("is damaged") != std::string::npos; }));
  std::optional<sale::SaleView> seen;
  EXPECT_TRUE(comes_true([&] {
    const auto view = fresh.view(kSale);
    if (view && *view) seen = **view;
    return seen.has_value();
  }));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->items, (*veteran->view(kSale))->items);
  EXPECT_EQ(*fresh.orders(kSale), *veteran->orders(kSale));
  // And it is cut on, by what the new one stands for.
  veteran->sell(kSale, 300, "c");
  EXPECT_TRUE(comes_true([&] { return first() > 400; })) << veteran->warnings();

  // Where nobody has the sale any more, it stays away, and says why.
  veteran.reset();
  fresh.store().drain();
  connection_.text({"UNLINK", "dibs:{concert}:snapshot:" +
                                  connection_.text({"HGET", snapshot_key(kSale), "pieces"})});
  const TempDir three;
  TrimmingGateway alone(options(three));
  const auto view = alone.view(kSale);
  ASSERT_FALSE(view);
  EXPECT_NE(view.error().what.find("is damaged: pieces are missing"), std::string::npos);
}

TEST_F(Trim, a_snapshot_of_another_format_is_refused_with_both_numbers) {
  const TempDir one;
  const TempDir two;
  {
    TrimmingGateway gateway(options(one));
    ASSERT_TRUE(gateway.run(kSale, put_concert()));
    gateway.sell(kSale, 200);
    ASSERT_TRUE(comes_true([&] { return first() > 100; }));
  }
  connection_.text({"HSET", snapshot_key(kSale), "format", "7"});
  TrimmingGateway fresh(options(two), system_clock(), "");
  const auto view = fresh.view(kSale);
  ASSERT_FALSE(view);
  EXPECT_NE(view.error().what.find("is of format 7, this program reads format 1"),
            std::string::npos);
}

TEST_F(Trim, events_cut_without_a_snapshot_stop_the_sale) {
  const TempDir one;
  const TempDir two;
  {
    TrimmingGateway gateway(options(one), system_clock(), "");
    ASSERT_TRUE(gateway.run(kSale, put_concert()));
    gateway.sell(kSale, 50);
  }
  connection_.text({"XTRIM", events_key(kSale), "MINID", "20-0"});
  TrimmingGateway fresh(options(two), system_clock(), "");
  EXPECT_TRUE(comes_true([&] { return fresh.store().counters().fenced == 1; }));
  EXPECT_NE(fresh.warnings().find("there is no snapshot that stands for them"), std::string::npos);
}

/// Replaces every key of the sale by another server's, in one step.
void put_in_its_place(Connection& from, Connection& to) {
  std::vector<std::string> keys = keys_of(kSale);
  keys.push_back(snapshot_key(kSale));
  keys.push_back(pieces_key(kSale, from.text({"HGET", snapshot_key(kSale), "pieces"})));
  std::vector<std::pair<std::string, std::string>> dumps;
  for (const std::string& key : keys) {
    const Reply dump = from.call({"DUMP", key});
    if (dump->type == REDIS_REPLY_STRING)
      dumps.emplace_back(key, std::string(dump->str, dump->len));
  }
  to.text({"MULTI"});
  for (const std::string& key : keys) to.text({"DEL", key});
  for (const auto& [key, dump] : dumps) to.text({"RESTORE", key, "0", dump});
  EXPECT_EQ(to.call({"EXEC"})->elements, keys.size() + dumps.size());
}

/// The last event that it answered from is cut in the other history: what it answered is not there.
TEST_F(Trim, redis_that_came_back_older_and_went_on_is_noticed_though_the_events_are_cut) {
  const TempDir one;
  const TempDir two;
  TrimmingGateway veteran(options(one), system_clock(), "");
  ASSERT_TRUE(veteran.run(kSale, put_concert()));
  veteran.sell(kSale, 50);
  const RedisServer elsewhere;
  Connection other = elsewhere.connect();
  {
    Store::Options options = options_for(elsewhere, two.path());
    options.durability = Promise::relaxed;
    options.trim = eager_trim();
    TrimmingGateway gateway(options);
    ASSERT_TRUE(gateway.run(kSale, put_concert()));
    gateway.sell(kSale, 300, "others");
    ASSERT_TRUE(comes_true([&] { return first_event(other, kSale) > 100; }));
  }
  const std::string epoch = connection_.text({"HGET", keys_of(kSale).front(), "epoch"});
  other.text({"HSET", keys_of(kSale).front(), "epoch", epoch});
  other.text({"HSET", snapshot_key(kSale), "epoch", epoch});
  put_in_its_place(other, connection_);
  EXPECT_TRUE(comes_true([&] { return veteran.store().counters().fenced == 1; }));
  EXPECT_NE(veteran.warnings().find("which was answered, is not in the snapshot"),
            std::string::npos)
      << veteran.warnings();
  EXPECT_EQ(veteran.orders(kSale)->size(), 50U) << "what was answered is what is shown";
}

TEST_F(Trim, bounds_the_memory_of_a_long_sale) {
  const TempDir dir;
  const auto usage = [this](const std::string& key) {
    return connection_.call({"MEMORY", "USAGE", key, "SAMPLES", "0"})->integer;
  };
  const auto all = [&] {
    long long sum = usage(events_key(kSale));
    const Reply pieces = connection_.call({"KEYS", "dibs:{concert}:snapshot*"});
    for (std::size_t i = 0; i < pieces->elements; ++i) {
      if (connection_.call({"TTL", pieces->element[i]->str})->integer == -1) {
        sum += usage(pieces->element[i]->str);
      }
    }
    return sum;
  };
  Store::Options options = this->options(dir);
  options.trim.after = 2'000;
  options.trim.keep_events = 1'000;
  TrimmingGateway gateway(options);
  gateway.ledger_is_at(0);
  ASSERT_TRUE(gateway.run(kSale, put_concert(1'000)));
  // A long sale: the same thousand units bought and given back, over and over.
  std::uint64_t sold = 0;
  const auto rounds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      std::vector<store::Pending<sale::Outcome>> answers;
      for (int k = 0; k < 500; ++k) {
        gateway.submit(kSale, {.action = seat_for("b" + std::to_string(++sold))},
                       answers.emplace_back().reply());
      }
      std::vector<OrderKey> bought;
      for (auto& answer : answers) bought.push_back(answer.wait()->order->id.key);
      answers.clear();
      for (const OrderKey& key : bought) {
        sale::Cancel cancel;
        cancel.order = key;
        gateway.submit(kSale, {.action = cancel}, answers.emplace_back().reply());
      }
      for (auto& answer : answers) EXPECT_EQ(answer.wait()->code, sale::Code::ok);
    }
  };
  rounds(12);
  const long long untrimmed = usage(events_key(kSale));
  gateway.ledger_is_at(UINT64_MAX - 1);
  EXPECT_TRUE(comes_true([&] { return first() > 8'000; })) << first();
  const long long trimmed = usage(events_key(kSale));
  std::printf("12,000 events: %lld bytes in the stream; trimmed: %lld, with the snapshot %lld\n",
              untrimmed, trimmed, all());
  EXPECT_LT(trimmed * 2, untrimmed);
  rounds(12);
  EXPECT_TRUE(comes_true([&] { return first() > 20'000; })) << first();
  EXPECT_LT(usage(events_key(kSale)) * 2, untrimmed) << "it does not grow with what happens";
  EXPECT_LT(all(), untrimmed * 2);
}

}  // namespace
}  // namespace dibs::redis
