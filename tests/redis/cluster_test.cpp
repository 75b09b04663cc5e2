#include <set>

#include "redis/differential.h"
#include "redis/hash_slot.h"
#include "redis/redis_cluster.h"
#include "redis/store_fixture.h"

/// Sales on a real cluster: spread over its primaries, moved between them, and lost with one of
/// them.
namespace dibs::redis {
namespace {

using sale::Code;

Store::Options options_on(const RedisCluster& cluster, const std::string& dir, Promise promise) {
  Store::Options options;
  for (const auto& node : cluster.nodes()) {
    Address& address = options.addresses.emplace_back();
    address.host = node->host();
    address.port = static_cast<std::uint16_t>(node->port());
  }
  options.data_dir = dir;
  options.ingress_loops = 0;
  options.durability = promise;
  return options;
}

/// Until the sale has stopped, or has been found not to.
Result<sale::Outcome> until_fenced(RunningStore& store, const std::string& sale) {
  Result<sale::Outcome> last = store.insist(seat_for("late"), sale);
  for (int i = 0; i < 600 && last && last->code != Code::fenced; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    last = store.insist(seat_for("late-" + std::to_string(i)), sale);
  }
  return last;
}

/// An operator's resume, until the gateway knows where the hash slot has gone.
Code resume(RunningStore& store, const std::string& sale) {
  Code code = Code::fenced;
  for (int i = 0; i < 300 && code == Code::fenced; ++i) {
    const auto outcome = store.insist(sale::Resume{}, sale);
    if (outcome) code = outcome->code;
    if (code == Code::fenced) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return code;
}

TEST(HashSlot, is_the_one_that_redis_computes) {
  const RedisServer server(
      {"--cluster-enabled", "yes", "--cluster-port", std::to_string(free_port())});
  Connection redis = server.connect();
  for (const std::string key : {"dibs:{concert}:meta", "dibs:{concert}:events", "concert", "",
                                "a{}b", "a{b", "}{c}", "{{d}}", "x{e}{f}", "123456789"}) {
    EXPECT_EQ(redis.text({"CLUSTER", "KEYSLOT", key}), std::to_string(hash_slot_of(key))) << key;
  }
}

TEST(Cluster, decides_as_the_rules_do) {
  const RedisCluster cluster({});
  Situations situations;
  std::uint64_t done = 0;
  for (std::uint64_t seed = 1; done < 2'000; ++seed) {
    Connection primary = cluster.home_of("s" + std::to_string(seed)).connect();
    primary.text({"FUNCTION", "LOAD", Library::built_in().text()});
    ASSERT_EQ(difference(primary, Library::built_in(), seed, done, &situations), std::nullopt);
  }
}

TEST(Cluster, sells_several_sales_on_every_primary_and_lists_all_of_them) {
  const RedisCluster cluster({.options = strict_settings()});
  const TempDir dir;
  RunningStore store(options_on(cluster, dir.path(), Promise::strict));
  ASSERT_TRUE(store.started()) << store.started().error().what;
  std::set<std::string> sales;
  for (std::size_t primary = 0; primary < 3; ++primary) {
    sales.insert(cluster.name_at("red", primary));
    sales.insert(cluster.name_at("blue", primary));
  }
  for (const std::string& sale : sales) ASSERT_EQ(store.run(concert_of(3), sale)->code, Code::ok);
  for (int buyer = 0; buyer < 5; ++buyer) {
    for (const std::string& sale : sales) {
      const auto outcome = store.run(seat_for("b" + std::to_string(buyer)), sale);
      ASSERT_TRUE(outcome);
      ASSERT_TRUE(outcome->order);
      const bool first = buyer < 3;
      EXPECT_EQ(outcome->order->state, first ? sale::OrderState::held : sale::OrderState::waiting);
    }
  }
  for (const std::string& sale : sales) {
    const std::string key = "dibs:{" + sale + "}:events";
    EXPECT_EQ(cluster.home_of(sale).connect().text({"EXISTS", key}), "1") << sale;
  }
  // Another gateway, told of one node only, finds all of them.
  const TempDir other_dir;
  auto one_seed = options_on(cluster, other_dir.path(), Promise::strict);
  one_seed.addresses.resize(1);
  RunningStore other(one_seed);
  ASSERT_TRUE(other.started()) << other.started().error().what;
  store::Pending<std::vector<sale::SaleView>> answer;
  other.store().list_sales({system_clock().now(), store::kNoLoop, 1}, answer.reply());
  const auto listed = answer.wait();
  ASSERT_TRUE(listed);
  std::set<std::string> names;
  for (const sale::SaleView& view : *listed) {
    names.insert(view.id.value());
    EXPECT_EQ(view.waiting, 2U) << view.id.value();
  }
  EXPECT_EQ(names, sales);
}

TEST(Cluster, a_sale_whose_hash_slot_moves_while_it_sells_stops_and_the_others_go_on) {
  RedisCluster cluster({.options = strict_settings()});
  const TempDir dir;
  RunningStore store(options_on(cluster, dir.path(), Promise::strict));
  ASSERT_TRUE(store.started()) << store.started().error().what;
  const std::string moving = cluster.name_at("moving", 0);
  const std::string staying = cluster.name_at("staying", 0);
  store.run(concert_of(10), moving);
  store.run(concert_of(10), staying);
  const auto before = store.run(seat_for("anna", "key"), moving);
  ASSERT_TRUE(before && before->order);

  cluster.move(moving, cluster.home_of(moving), cluster.stranger_to(moving));
  const auto stopped = store.run(seat_for("ben"), moving);
  ASSERT_TRUE(stopped) << stopped.error().what;
  EXPECT_EQ(stopped->code, Code::fenced);
  EXPECT_NE(stopped->detail.find("primary has changed"), std::string::npos) << stopped->detail;
  EXPECT_EQ(store.run(seat_for("ben"), staying)->code, Code::ok);
  EXPECT_TRUE(store.find(before->order->id)) << "reads show what was answered";
  EXPECT_EQ(until_fenced(store, moving)->code, Code::fenced) << "it stays so";

  // An operator says that it may go on: nothing is missing, and it does.
  EXPECT_EQ(resume(store, moving), Code::ok);
  const auto again = store.insist(seat_for("anna", "key"), moving);
  ASSERT_TRUE(again && again->order);
  EXPECT_EQ(again->order->id, before->order->id);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(store.insist(seat_for("ben"), moving)->code, Code::ok);
  EXPECT_EQ(store.store().counters().fenced, 0U);
}

TEST(Cluster, a_hash_slot_on_its_way_stops_the_sale_that_sells_and_lets_no_other_begin) {
  RedisCluster cluster({.options = strict_settings()});
  const TempDir dir;
  RunningStore store(options_on(cluster, dir.path(), Promise::strict));
  ASSERT_TRUE(store.started()) << store.started().error().what;
  const std::string fresh = cluster.name_at("fresh", 1);
  const std::string selling = cluster.name_at("selling", 0);
  store.run(concert_of(10), selling);

  cluster.begin_to_move(fresh, cluster.home_of(fresh), cluster.stranger_to(fresh));
  const auto early = store.run(concert_of(10), fresh);  // ASK
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, FaultKind::unavailable);
  EXPECT_NE(early.error().what.find("being moved"), std::string::npos) << early.error().what;
  cluster.end_move(fresh, cluster.stranger_to(fresh));
  EXPECT_EQ(store.insist(concert_of(10), fresh)->code, Code::ok);
  EXPECT_EQ(store.run(seat_for("anna"), fresh)->code, Code::ok);
  const std::string key = "dibs:{" + fresh + "}:events";
  EXPECT_EQ(cluster.stranger_to(fresh).connect().text({"EXISTS", key}), "1");

  cluster.begin_to_move(selling, cluster.home_of(selling), cluster.stranger_to(selling));
  EXPECT_EQ(store.run(seat_for("anna"), selling)->code, Code::fenced);  // TRYAGAIN
  cluster.move_keys(selling, cluster.home_of(selling), cluster.stranger_to(selling));
  cluster.end_move(selling, cluster.stranger_to(selling));
  EXPECT_EQ(resume(store, selling), Code::ok);
  EXPECT_EQ(store.insist(seat_for("anna"), selling)->code, Code::ok);
}

TEST(Cluster, between_sales_a_hash_slot_may_move) {
  RedisCluster cluster({.options = strict_settings()});
  const TempDir dir;
  RunningStore store(options_on(cluster, dir.path(), Promise::strict));
  ASSERT_TRUE(store.started()) << store.started().error().what;
  const std::string later = cluster.name_at("later", 0);
  sale::Put put = concert_of(10);
  put.spec.opens_at = system_clock().now() + std::chrono::hours(1);
  ASSERT_EQ(store.run(put, later)->code, Code::ok);

  cluster.move(later, cluster.home_of(later), cluster.stranger_to(later));
  const auto outcome = store.run(seat_for("anna"), later);  // MOVED, and followed at once
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->code, Code::not_open);
  EXPECT_EQ(store.store().counters().fenced, 0U);
}

TEST(Cluster, after_an_automatic_failover_nothing_is_sold_twice_and_what_is_lost_is_named) {
  RedisCluster cluster({.primaries = 3, .replicas_each = 1, .options = {}});
  const TempDir dir;
  auto store = std::make_unique<RunningStore>(options_on(cluster, dir.path(), Promise::relaxed));
  ASSERT_TRUE(store->started()) << store->started().error().what;
  const std::string lost = cluster.name_at("lost", 0);
  const std::string other = cluster.name_at("other", 1);
  store->run(concert_of(3), lost);
  store->run(concert_of(10), other);
  ASSERT_EQ(store->run(seat_for("anna", "a"), lost)->code, Code::ok);
  RedisServer& primary = cluster.home_of(lost);
  ASSERT_EQ(primary.connect().text({"WAIT", "1", "5000"}), "1");
  // The replica gets nothing more, though the cluster takes it for well.
  Connection at_primary = primary.connect();
  at_primary.text({"CONFIG", "SET", "requirepass", "of the primary only"});
  at_primary.text({"AUTH", "of the primary only"});
  at_primary.text({"CLIENT", "KILL", "TYPE", "replica"});
  const auto answered = store->run(seat_for("ben", "b"), lost);
  ASSERT_TRUE(answered && answered->order);
  primary.kill();

  const auto stopped = until_fenced(*store, lost);
  ASSERT_TRUE(stopped) << stopped.error().what;
  ASSERT_EQ(stopped->code, Code::fenced) << "ben's unit would be sold twice";
  EXPECT_TRUE(store->find(answered->order->id)) << "reads show what was answered";
  EXPECT_EQ(store->insist(seat_for("cleo"), other)->code, Code::ok) << "the others go on";
  // Once the new primary can be asked, it is said what is missing there.
  std::string said = stopped->detail;
  for (int i = 0; i < 600 && said.find("lost are events") == said.npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    said = store->insist(seat_for("dora"), lost)->detail;
  }
  EXPECT_NE(said.find(to_text(answered->order->id)), std::string::npos) << said;
  // Not even an operator lets it sell what was sold; the gateway knows it over its own death.
  const auto refused = store->insist(sale::Resume{}, lost);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Code::fenced);
  store = nullptr;
  auto options = options_on(cluster, dir.path(), Promise::relaxed);
  RunningStore next(options);
  ASSERT_TRUE(next.started()) << next.started().error().what;
  EXPECT_EQ(next.run(seat_for("cleo"), lost)->code, Code::fenced);
}

TEST(Cluster, strict_refuses_a_replica_that_may_take_over_and_names_the_setting) {
  const RedisCluster cluster({.primaries = 1, .replicas_each = 1, .options = strict_settings()});
  const TempDir dir;
  {
    RunningStore store(options_on(cluster, dir.path(), Promise::strict));
    ASSERT_FALSE(store.started());
    EXPECT_NE(store.started().error().what.find("CONFIG SET cluster-replica-no-failover yes"),
              std::string::npos)
        << store.started().error().what;
  }
  cluster.nodes()[1]->connect().text({"CONFIG", "SET", "cluster-replica-no-failover", "yes"});
  RunningStore store(options_on(cluster, dir.path(), Promise::strict));
  EXPECT_TRUE(store.started()) << store.started().error().what;
}

TEST(Cluster, several_servers_that_are_no_cluster_are_refused) {
  const RedisServer one(strict_settings());
  const RedisServer other(strict_settings());
  const TempDir dir;
  auto options = options_for(one, dir.path());
  options.addresses.push_back(options_for(other, dir.path()).addresses.front());
  RunningStore store(options);
  ASSERT_FALSE(store.started());
  EXPECT_NE(store.started().error().what.find("is not of a cluster"), std::string::npos);
}

}  // namespace
}  // namespace dibs::redis
