#include <filesystem>

#include "redis/store_fixture.h"

/// What the store does when Redis is set wrongly, dies, or comes back older.
namespace dibs::redis {
namespace {

TEST(RedisStore, refuses_each_setting_that_breaks_strict_and_names_it) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"--appendonly", "no", "--appendfsync", "always"}, "appendonly"},
      {{"--appendonly", "yes", "--appendfsync", "everysec"}, "appendfsync"},
      {{"--appendonly", "yes", "--appendfsync", "always", "--no-appendfsync-on-rewrite", "yes"},
       "no-appendfsync-on-rewrite"},
      {{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "allkeys-lru"},
       "maxmemory-policy"}};
  for (const auto& [settings, name] : wrong) {
    const RedisServer server(settings);
    const TempDir dir;
    RunningStore store(server, dir.path());
    ASSERT_FALSE(store.started().has_value()) << name;
    EXPECT_NE(store.started().error().what.find("CONFIG SET " + name + " "), std::string::npos)
        << store.started().error().what;
  }
}

TEST(RedisStore, loses_no_acknowledged_order_when_redis_is_killed_and_sells_on_by_itself) {
  RedisServer server(strict_settings());
  const TempDir dir;
  RunningStore store(server, dir.path());
  ASSERT_TRUE(store.started().has_value()) << store.started().error().what;
  store.run(concert_of(1000));
  std::vector<OrderId> answered;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) {
      const auto name = std::to_string(round) + "-" + std::to_string(i);
      const auto outcome = store.insist(seat_for("b" + name, "k" + name));
      ASSERT_TRUE(outcome && outcome->order) << name;
      answered.push_back(outcome->order->id);
    }
    server.kill();
    EXPECT_FALSE(store.run(seat_for("away")).has_value());
    server.start();
  }
  ASSERT_TRUE(store.insist(seat_for("last", "last")).has_value());
  for (const OrderId& order : answered) EXPECT_TRUE(store.find(order)) << to_text(order);
}

TEST(RedisStore, an_answer_cut_off_is_unknown_and_the_same_key_finds_the_one_order) {
  RedisServer server(strict_settings());
  const TempDir dir;
  RunningStore store(server, dir.path());
  ASSERT_TRUE(store.started().has_value());
  store.run(concert_of(10));
  server.freeze();
  store::Pending<sale::Outcome> cut;
  store.submit(seat_for("a", "key"), cut.reply());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  server.kill();
  const auto outcome = cut.wait();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind, FaultKind::unknown);
  server.start();
  const auto first = store.insist(seat_for("a", "key"));
  const auto again = store.insist(seat_for("a", "key"));
  ASSERT_TRUE(first && again && first->order && again->order);
  EXPECT_EQ(first->order->id, again->order->id);
  EXPECT_TRUE(again->replayed);
}

TEST(RedisStore, a_redis_that_came_back_older_stops_the_sale) {
  RedisServer server(strict_settings());
  const TempDir dir;
  auto store = std::make_unique<RunningStore>(server, dir.path());
  ASSERT_TRUE(store->started().has_value());
  store->run(concert_of(10));
  store->run(seat_for("a"));
  const std::string data = server.directory() + "/appendonlydir";
  const std::string copy = server.directory() + "/older";
  std::filesystem::copy(data, copy, std::filesystem::copy_options::recursive);
  store->run(seat_for("b"));
  server.kill();
  std::filesystem::remove_all(data);
  std::filesystem::rename(copy, data);
  server.start();
  const auto outcome = store->insist(seat_for("c"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->code, sale::Code::fenced);
  EXPECT_FALSE(outcome->detail.empty());
  // Another process on the same directory knows it from the file.
  store = nullptr;
  RunningStore next(server, dir.path());
  ASSERT_TRUE(next.started().has_value()) << next.started().error().what;
  EXPECT_EQ(next.run(seat_for("c"))->code, sale::Code::fenced);
}

/// As long as before, or longer, and with another end than the one that was answered from.
TEST(RedisStore, a_redis_that_came_back_older_and_went_on_stops_the_sale) {
  const auto data_of = [](const RedisServer& server) {
    return server.directory() + "/appendonlydir";
  };
  const auto put = [](const std::string& from, const std::string& in_place_of) {
    std::filesystem::remove_all(in_place_of);
    std::filesystem::copy(from, in_place_of, std::filesystem::copy_options::recursive);
  };
  RedisServer server(strict_settings());
  RedisServer elsewhere(strict_settings());
  const TempDir dir;
  const TempDir other_dir;
  RunningStore veteran(server, dir.path());
  ASSERT_TRUE(veteran.started().has_value());
  veteran.run(concert_of(10));
  veteran.run(seat_for("a"));
  elsewhere.kill();
  put(data_of(server), data_of(elsewhere));
  const auto answered = veteran.run(seat_for("b"));
  ASSERT_TRUE(answered && answered->order);
  server.kill();
  elsewhere.start();
  {
    RunningStore other(elsewhere, other_dir.path());
    ASSERT_TRUE(other.started().has_value());
    for (const char* buyer : {"c", "d"}) ASSERT_TRUE(other.insist(seat_for(buyer))->order) << buyer;
  }
  elsewhere.kill();
  put(data_of(elsewhere), data_of(server));
  server.start();
  const auto outcome = veteran.insist(seat_for("e"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->code, sale::Code::fenced);
  EXPECT_EQ(veteran.store().counters().fenced, 1U);
  EXPECT_TRUE(veteran.find(answered->order->id)) << "what was answered is what is shown";
}

TEST(RedisStore, two_gateways_give_one_order_for_one_key_and_see_each_other) {
  const RedisServer server(strict_settings());
  const TempDir one;
  const TempDir two;
  RunningStore a(server, one.path());
  RunningStore b(server, two.path());
  ASSERT_TRUE(a.started() && b.started());
  a.run(concert_of(10));
  const auto at_a = a.run(seat_for("buyer", "key"));
  const auto at_b = b.run(seat_for("buyer", "key"));
  ASSERT_TRUE(at_a && at_b && at_a->order && at_b->order);
  EXPECT_EQ(at_a->order->id, at_b->order->id);
  EXPECT_TRUE(at_b->replayed);
  const auto other = b.run(seat_for("other"));
  ASSERT_TRUE(other && other->order);
  EXPECT_TRUE(a.find(other->order->id));
  // What nobody asks for comes by itself too.
  for (int i = 0; i < 600 && a.store().glance(SaleId("concert"))->items.at(0).held < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(a.store().glance(SaleId("concert"))->items.at(0).held, 2);
}

// Planted, and seen on Valkey, whose WAIT waits for nothing when its connection has only read: a
// gateway that does not write with each call.
TEST(RedisStore, with_replica_shows_nothing_that_the_replica_does_not_have) {
  const RedisServer primary;
  const RedisServer replica({"--replicaof", primary.host(), std::to_string(primary.port())});
  Connection to_primary = primary.connect();
  const auto online = [&] {
    return to_primary.text({"INFO", "replication"}).find("state=online") != std::string::npos;
  };
  for (int i = 0; i < 600 && !online(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const TempDir one;
  const TempDir two;
  auto with_replica = options_for(primary, one.path());
  with_replica.durability = Promise::replica;
  auto relaxed = options_for(primary, two.path());
  relaxed.durability = Promise::relaxed;
  RunningStore careful(with_replica);
  RunningStore other(relaxed);
  ASSERT_TRUE(careful.started() && other.started());
  ASSERT_TRUE(careful.run(concert_of(10)));

  replica.freeze();
  const auto sold = other.run(seat_for("anna"));
  ASSERT_TRUE(sold && sold->order);
  EXPECT_FALSE(careful.find(sold->order->id)) << "only the primary has it";
  replica.thaw();
  for (int i = 0; i < 600 && !careful.find(sold->order->id); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(careful.find(sold->order->id));
}

}  // namespace
}  // namespace dibs::redis
