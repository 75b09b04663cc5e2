#include "sale/event.h"

#include <algorithm>
#include <random>

#include "base/bytes.h"
#include "sale/scene.h"

namespace dibs::sale {
namespace {

/// A sale in which every kind of fact has happened.
class Events : public Scene {
 protected:
  Events() {
    spec.limit_per_buyer = 4;
    spec.line_limit = 2;
    spec.test = true;
    spec.payment_attempts = 2;
    spec.items = {{SkuId("a"), "A", 5, 2}, {SkuId("b"), "B", 7, 1}};
    put();
    buy("anna", {{"a", 1}}, "k1");
    buy("ben", {{"a", 1}, {"b", 1}});
    buy("cleo", {{"a", 2}});
    buy("dora", {{"a", 1}, {"b", 1}});
    buy("eve", {{"a", 1}});  // the line is full
    begin(1);
    fail(1);
    begin(1);
    pay(1, false);  // cleo can never be served now
    capture(1, true);
    refund(1, false);
    run(RefundSettled{key_of(1)});
    run(Pause{});
    wait(seconds(5));
    run(Resume{});
    wait(seconds(5));
    run(Restart{seconds(5)});
    cancel(2);  // dora is promoted
    pay(4);     // nothing is left
    pay(2, false);
    restock(3, "r1", "a");
    spec.title = "Concert, again";
    put(Put::kTitle);
    buy("fred", {{"a", 1}});
    cancel(7 - 1);
    run(Close{});
  }

  Sale replayed(std::size_t count) const {
    Sale again(SaleId("concert"));
    for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(again.replay(events[i]));
    return again;
  }
};

TEST_F(Events, are_of_every_kind_but_three_here) {
  std::vector<bool> seen(std::variant_size_v<Fact>);
  for (const Event& event : events) seen[event.fact.index()] = true;
  const auto missing = std::ranges::count(seen, false);
  EXPECT_LE(missing, 3);  // line_reopened, removed and archived
}

TEST_F(Events, are_read_back_as_written) {
  for (const Event& event : events) {
    std::string bytes;
    ByteWriter writer(bytes);
    encode(event, writer);
    ByteReader reader(bytes);
    EXPECT_EQ(decode(reader), event);
    EXPECT_TRUE(reader.finished());
  }
}

TEST_F(Events, cut_short_anywhere_are_refused) {
  for (const Event& event : events) {
    std::string bytes;
    ByteWriter writer(bytes);
    encode(event, writer);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ByteReader reader(std::string_view(bytes).substr(0, size));
      EXPECT_EQ(decode(reader), std::nullopt);
      EXPECT_FALSE(reader.ok());
    }
  }
}

TEST_F(Events, replayed_give_the_same_state) {
  EXPECT_EQ(replayed(events.size()).state_hash(), sale.state_hash());
}

TEST_F(Events, out_of_turn_are_refused_and_change_nothing) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    Sale again = replayed(i);
    const std::uint64_t before = again.state_hash();
    for (std::size_t j = 0; j < events.size(); ++j) {
      if (j == i) continue;
      EXPECT_EQ(again.replay(events[j]).error().kind, FaultKind::corrupt);
    }
    EXPECT_EQ(again.state_hash(), before);
  }
}

// Other facts at the right place: most cannot be, and whatever is folded in breaks no law.
TEST_F(Events, that_cannot_be_of_this_state_are_refused) {
  int refused = 0;
  for (std::size_t i = 0; i <= events.size(); ++i) {
    for (std::size_t j = 0; j < events.size(); ++j) {
      Sale again = replayed(i);
      Event forged = events[j];
      forged.seq = Seq(i + 1);
      forged.at = std::max(forged.at, i == 0 ? Instant() : events[i - 1].at);
      refused += again.replay(forged) ? 0 : 1;
      EXPECT_TRUE(again.recount().empty()) << type_of(forged) << " after " << i;
    }
  }
  EXPECT_GT(refused, static_cast<int>(events.size() * events.size() / 2));
}

TEST_F(Events, with_any_byte_changed_never_crash_reader_or_replay) {
  std::mt19937 random(11);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Sale before = replayed(i);
    std::string saved;
    before.save(saved);
    std::string bytes;
    ByteWriter writer(bytes);
    encode(events[i], writer);
    for (int n = 0; n < 300; ++n) {
      std::string changed = bytes;
      changed[random() % changed.size()] = static_cast<char>(random());
      ByteReader reader(changed);
      const auto event = decode(reader);
      if (!event) continue;
      auto again = *Sale::load(SaleId("concert"), saved);
      if (!again.replay(*event)) continue;
      EXPECT_TRUE(again.recount().empty()) << type_of(*event);
    }
  }
}

TEST(RandomBytes, are_read_without_a_crash) {
  std::mt19937 random(5);
  for (int n = 0; n < 200'000; ++n) {
    std::string bytes(random() % 80, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (!bytes.empty() && n % 2 == 0) bytes[0] = static_cast<char>(random() % 42);
    ByteReader reader(bytes);
    const auto event = decode(reader);
    EXPECT_EQ(event.has_value(), reader.ok());
  }
}

TEST_F(Events, snapshots_are_loaded_as_saved) {
  for (std::size_t i = 0; i <= events.size(); ++i) {
    const Sale before = replayed(i);
    std::string saved;
    before.save(saved);
    const auto loaded = Sale::load(SaleId("concert"), saved);
    ASSERT_TRUE(loaded) << loaded.error().what;
    EXPECT_EQ(loaded->state_hash(), before.state_hash());
    std::string again;
    loaded->save(again);
    EXPECT_EQ(again, saved);
  }
}

TEST_F(Events, snapshots_cut_short_or_longer_are_refused) {
  std::string saved;
  replayed(events.size() - 2).save(saved);
  for (std::size_t size = 0; size < saved.size(); ++size) {
    EXPECT_FALSE(Sale::load(SaleId("concert"), std::string_view(saved).substr(0, size)));
  }
  EXPECT_FALSE(Sale::load(SaleId("concert"), saved + '\0'));
}

TEST_F(Events, snapshots_with_any_byte_changed_load_lawfully_or_not_at_all) {
  std::string saved;
  replayed(12).save(saved);
  int refused = 0;
  for (std::size_t i = 0; i < saved.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = saved;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const auto loaded = Sale::load(SaleId("concert"), changed);
      refused += loaded ? 0 : 1;
      if (!loaded) continue;
      EXPECT_TRUE(loaded->recount().empty());
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Snapshots, of_another_format_are_refused_with_both_numbers) {
  std::string saved;
  Sale(SaleId("x")).save(saved);
  saved[0] = 9;
  const auto loaded = Sale::load(SaleId("x"), saved);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().what.find("9"), std::string::npos);
  EXPECT_NE(loaded.error().what.find("1"), std::string::npos);
}

TEST(StateHash, tells_states_apart_by_length_and_by_every_byte) {
  Sale a(SaleId("x"));
  std::vector<Event> events;
  Put put;
  put.spec.currency = "KRW";
  put.spec.items = {{SkuId("a"), "", 1, 1}};
  const std::uint64_t empty = a.state_hash();
  static_cast<void>(a.apply({put, ""}, from_ns(5), events));
  EXPECT_NE(a.state_hash(), empty);
}

}  // namespace
}  // namespace dibs::sale
