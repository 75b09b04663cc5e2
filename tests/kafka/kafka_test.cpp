// The thin classes over librdkafka against a real broker, whose address is in DIBS_TEST_KAFKA. Run
// by tests/system/kafka_test.py, which starts one; skipped without.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "base/temp_dir.h"
#include "events/cloud_event.h"
#include "events/fake_feed.h"
#include "events/kafka_consumer.h"
#include "events/kafka_producer.h"
#include "events/outbox_relay.h"

namespace dibs::events {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 20s;

class Kafka : public testing::Test {
 protected:
  void SetUp() override {
    const char* brokers = std::getenv("DIBS_TEST_KAFKA");
    if (brokers == nullptr) GTEST_SKIP() << "DIBS_TEST_KAFKA names no broker";
    settings.brokers = brokers;
    settings.topic = std::string("test.") +
                     testing::UnitTest::GetInstance()->current_test_info()->name() + "." +
                     std::to_string(to_ns(system_clock().now()));
  }

  /// Sends `values` under one key each and waits until all are acknowledged.
  void send(const std::vector<std::pair<std::string, std::string>>& values) {
    auto producer = KafkaProducer::open(settings);
    ASSERT_TRUE(producer) << producer.error().what;
    std::set<std::uint64_t> open;
    for (std::uint64_t i = 0; i < values.size(); ++i) {
      const auto& [key, value] = values[static_cast<std::size_t>(i)];
      while (!(*producer)->send(key, value, i)) take(**producer, open);
      open.insert(i);
    }
    const Duration deadline = system_clock().monotonic() + kPatience;
    while (!open.empty() && system_clock().monotonic() < deadline) take(**producer, open);
    EXPECT_TRUE(open.empty());
  }
  static void take(KafkaProducer& producer, std::set<std::uint64_t>& open) {
    const auto acked = producer.acked(100ms);
    ASSERT_TRUE(acked) << acked.error().what;
    for (const std::uint64_t number : *acked) EXPECT_EQ(open.erase(number), 1U);
  }

  std::vector<KafkaRecord> read(KafkaConsumer& consumer, std::size_t count) {
    std::vector<KafkaRecord> out;
    const Duration deadline = system_clock().monotonic() + kPatience;
    while (out.size() < count && system_clock().monotonic() < deadline) {
      auto got = consumer.next(count - out.size(), 100ms);
      EXPECT_TRUE(got) << got.error().what;
      if (!got) break;
      EXPECT_LE(got->size(), count - out.size());
      std::ranges::move(*got, std::back_inserter(out));
    }
    EXPECT_EQ(out.size(), count);
    return out;
  }

  KafkaSettings settings;
};

TEST_F(Kafka, a_topic_is_made_once_and_looked_at) {
  const auto none = look_at_topic(settings, kPatience);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, FaultKind::not_found);
  const auto made = ensure_topic(settings, kPatience);
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_TRUE(made->created);
  EXPECT_EQ(made->partitions, kPartitions);
  const auto again = ensure_topic(settings, kPatience);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_FALSE(again->created);
  const auto seen = look_at_topic(settings, kPatience);
  ASSERT_TRUE(seen) << seen.error().what;
  EXPECT_EQ(seen->partitions, kPartitions);
  EXPECT_EQ(seen->replicas, 1);
}

TEST_F(Kafka, what_is_sent_under_a_key_lies_in_order_in_one_partition) {
  ASSERT_TRUE(ensure_topic(settings, kPatience));
  std::vector<std::pair<std::string, std::string>> sent;
  for (int i = 0; i < 3'000; ++i) {
    sent.emplace_back("sale-" + std::to_string(i % 7), std::to_string(i));
  }
  send(sent);
  auto consumer = KafkaConsumer::open(settings);
  ASSERT_TRUE(consumer) << consumer.error().what;
  EXPECT_EQ((*consumer)->partitions(kPatience).value_or(0), kPartitions);
  std::int64_t held = 0;
  for (std::int32_t i = 0; i < kPartitions; ++i) {
    const auto bounds = (*consumer)->bounds(i, kPatience);
    ASSERT_TRUE(bounds) << bounds.error().what;
    held += bounds->next - bounds->first;
    ASSERT_TRUE((*consumer)->read_from(i, KafkaConsumer::kFirst));
  }
  EXPECT_EQ(held, 3'000);
  std::map<std::string, int> last;
  std::map<std::string, std::int32_t> partition;
  for (const KafkaRecord& record : read(**consumer, sent.size())) {
    const int number = std::stoi(record.value);
    EXPECT_EQ(record.key, "sale-" + std::to_string(number % 7));
    const auto before = last.find(record.key);
    EXPECT_EQ(number, before == last.end() ? number % 7 : before->second + 7);
    last[record.key] = number;
    EXPECT_EQ(partition.try_emplace(record.key, record.partition).first->second, record.partition);
  }
}

TEST_F(Kafka, a_consumer_reads_from_where_it_is_told_again_and_again) {
  ASSERT_TRUE(ensure_topic(settings, kPatience));
  std::vector<std::pair<std::string, std::string>> sent;
  for (int i = 0; i < 500; ++i) sent.emplace_back("one", std::to_string(i));
  send(sent);
  auto opened = KafkaConsumer::open(settings);
  ASSERT_TRUE(opened) << opened.error().what;
  KafkaConsumer& consumer = **opened;
  for (std::int32_t i = 0; i < kPartitions; ++i) ASSERT_TRUE(consumer.read_from(i, 0));
  const auto first = read(consumer, 10);
  const std::int32_t partition = first.front().partition;
  for (const std::int64_t from : {std::int64_t{0}, std::int64_t{250}, std::int64_t{100}}) {
    ASSERT_TRUE(consumer.read_from(partition, from));
    std::int64_t expected = from;
    for (const KafkaRecord& record : read(consumer, 200)) {
      EXPECT_EQ(record.offset, expected);
      EXPECT_EQ(record.value, std::to_string(expected));
      ++expected;
    }
  }
  consumer.leave(partition);
  EXPECT_TRUE(consumer.next(10, 200ms).value().empty());
}

TEST_F(Kafka, an_offset_that_is_not_there_is_told) {
  ASSERT_TRUE(ensure_topic(settings, kPatience));
  auto consumer = KafkaConsumer::open(settings);
  ASSERT_TRUE(consumer) << consumer.error().what;
  ASSERT_TRUE((*consumer)->read_from(3, 1'000));
  Result<std::vector<KafkaRecord>> got;
  const Duration deadline = system_clock().monotonic() + kPatience;
  do {
    got = (*consumer)->next(10, 100ms);
  } while (got && system_clock().monotonic() < deadline);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, FaultKind::not_found);
  EXPECT_NE(got.error().what.find("Partition 3"), std::string::npos) << got.error().what;
  ASSERT_TRUE((*consumer)->read_from(3, KafkaConsumer::kFirst));
  EXPECT_TRUE((*consumer)->next(10, 200ms));
}

TEST_F(Kafka, settings_that_are_wrong_and_brokers_that_are_away_are_told_apart) {
  KafkaSettings wrong = settings;
  wrong.more = {{"no.such.setting", "1"}};
  const auto refused = KafkaProducer::open(wrong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FaultKind::bad_input);
  EXPECT_NE(refused.error().what.find("no.such.setting"), std::string::npos);
  KafkaSettings away = settings;
  away.brokers = "127.0.0.1:1";
  const auto silent = look_at_topic(away, 1s);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, FaultKind::unavailable);
  EXPECT_NE(silent.error().what.find("refused"), std::string::npos) << silent.error().what;
}

TEST_F(Kafka, a_producer_without_brokers_ends_at_once) {
  settings.brokers = "127.0.0.1:1";
  auto producer = KafkaProducer::open(settings);
  ASSERT_TRUE(producer) << producer.error().what;
  for (std::uint64_t i = 0; i < 100; ++i) ASSERT_TRUE((*producer)->send("key", "value", i));
  ASSERT_TRUE((*producer)->acked(300ms).value().empty());
  EXPECT_NE((*producer)->trouble(), "");
  const Duration begun = system_clock().monotonic();
  producer->reset();
  EXPECT_LT(system_clock().monotonic() - begun, 5s);
}

TEST_F(Kafka, two_relays_of_one_store_do_no_harm) {
  ASSERT_TRUE(ensure_topic(settings, kPatience));
  TempDir dir;
  FakeFeed feed;
  const auto relay = [&](const std::string& name) {
    OutboxPump::Options options;
    options.cursor_file = dir / name;
    options.open_sink = [this]() -> Result<std::unique_ptr<EventSink>> {
      auto producer = KafkaProducer::open(settings);
      if (!producer) return std::unexpected(producer.error());
      return std::move(*producer);
    };
    return std::make_unique<OutboxRelay>(std::move(options), feed, system_clock());
  };
  {
    const auto one = relay("one");
    const auto two = relay("two");
    one->begin({});
    two->begin({});
    for (int i = 0; i < 2'000; ++i) feed.add("sale-" + std::to_string(i % 5));
    const Duration deadline = system_clock().monotonic() + kPatience;
    while (one->state().acked + two->state().acked < 4'000 &&
           system_clock().monotonic() < deadline) {
      std::this_thread::sleep_for(5ms);
    }
  }
  auto consumer = KafkaConsumer::open(settings);
  ASSERT_TRUE(consumer) << consumer.error().what;
  for (std::int32_t i = 0; i < kPartitions; ++i) {
    ASSERT_TRUE((*consumer)->read_from(i, KafkaConsumer::kFirst));
  }
  std::map<SaleId, std::vector<ChainHash>> taken;
  for (const KafkaRecord& record : read(**consumer, 4'000)) {
    const auto event = parse_cloud_event(record.value);
    ASSERT_TRUE(event) << event.error().what;
    auto& chain = taken[event->sale];
    const auto seq = static_cast<std::size_t>(event->event.seq.value());
    ASSERT_LE(seq, chain.size() + 1) << "a gap in " << record.key;
    if (seq <= chain.size()) {
      EXPECT_EQ(chain[seq - 1], event->hash);
    } else {
      EXPECT_EQ(event->previous, chain.empty() ? ChainHash{} : chain.back());
      chain.push_back(event->hash);
    }
  }
  for (const auto& [sale, chain] : taken) EXPECT_EQ(chain.size(), 400U) << sale.view();
}

}  // namespace
}  // namespace dibs::events
