#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <vector>

#include "redis/call.h"

/// What a stream's entry or a reply may say at most. Nothing but Dibs writes there, unless somebody
/// does by hand or restores what is damaged: rules, replicas and ledgers rely on the bounds.
namespace dibs::redis {
namespace {

struct FreeReader {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};
struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;
using Words = std::vector<std::string>;

const std::string kTooLate = std::to_string(INT64_MAX / 2'000 + 1);  // in us
const std::string kOverflows = std::to_string(INT64_MAX - 7);
const std::string kOrder(26, 'a');

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

std::string list(std::size_t size) { return "*" + std::to_string(size) + "\r\n"; }

Reply reply_of(const std::string& bytes) {
  const std::unique_ptr<redisReader, FreeReader> reader(redisReaderCreate());
  void* reply = nullptr;
  EXPECT_EQ(redisReaderFeed(reader.get(), bytes.data(), bytes.size()), REDIS_OK);
  EXPECT_EQ(redisReaderGetReply(reader.get(), &reply), REDIS_OK);
  EXPECT_NE(reply, nullptr) << bytes;
  return Reply(static_cast<redisReply*>(reply));
}

/// Whether an entry of these fields is taken as an event.
bool is_event(const Words& fields) {
  std::string bytes = list(2) + bulk("7-0") + list(fields.size());
  for (const auto& field : fields) bytes += bulk(field);
  return decode_event(*reply_of(bytes)).has_value();
}

/// `fields` with `value` for what `name` had.
Words with(Words fields, const std::string& name, const std::string& value) {
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i] == name) fields[i + 1] = value;
  }
  return fields;
}

TEST(RedisEventWords, an_event_beyond_the_bounds_of_the_packed_form_is_none) {
  const Words accepted = {"type",      "accepted", "at",         "5",    "order", kOrder,
                          "arrival",   "1",        "state",      "held", "buyer", "anna",
                          "received",  "5",        "key",        "k",    "lines", "seat 2 500",
                          "reference", "r",        "expires_at", "9"};
  ASSERT_TRUE(is_event(accepted));
  EXPECT_TRUE(is_event(with(accepted, "lines", "seat 1000 500")));
  EXPECT_FALSE(is_event(with(accepted, "lines", "seat 1001 500")));
  EXPECT_FALSE(is_event(with(accepted, "lines", "SEAT! 2 500")));
  EXPECT_FALSE(is_event(with(accepted, "buyer", "")));
  EXPECT_FALSE(is_event(with(accepted, "buyer", std::string(1'000, 'a'))));
  EXPECT_FALSE(is_event(with(accepted, "key", "with a blank")));
  EXPECT_FALSE(is_event(with(accepted, "reference", std::string(65, 'r'))));
  EXPECT_FALSE(is_event(with(accepted, "expires_at", kTooLate)));
  EXPECT_FALSE(is_event(with(accepted, "at", kOverflows)));
  EXPECT_FALSE(is_event({"type", "line_reopened", "at", "5", "sku", "two words"}));
}

TEST(RedisEventWords, a_shift_is_neither_negative_nor_longer_than_there_are_instants) {
  const Words resumed = {"type", "resumed", "at", "5", "shift", "3", "restart", "0"};
  ASSERT_TRUE(is_event(resumed));
  for (const auto& shift : {std::string("-1"), kTooLate, kOverflows}) {
    EXPECT_FALSE(is_event(with(resumed, "shift", shift))) << shift;
  }
}

TEST(RedisEventWords, a_reply_whose_times_overflow_is_not_the_functions) {
  const auto is_reply = [](const std::string& now, const std::string& next_due,
                           const std::string& result_now) {
    const std::string result = list(5) + bulk("ok") + ":1\r\n:1\r\n:" + result_now + "\r\n:0\r\n";
    return parse(*reply_of(list(8) + bulk("ok") + bulk("e") + ":1\r\n:" + now + "\r\n:" + next_due +
                           "\r\n:2\r\n" + result + list(0)),
                 Seq(1), 1)
        .has_value();
  };
  ASSERT_TRUE(is_reply("5", "-1", "5"));
  ASSERT_TRUE(is_reply("5", "9", "5"));
  EXPECT_FALSE(is_reply(kOverflows, "9", "5"));
  EXPECT_FALSE(is_reply("-5", "9", "5"));
  EXPECT_FALSE(is_reply("5", kTooLate, "5"));
  EXPECT_FALSE(is_reply("5", "9", kOverflows));
}

}  // namespace
}  // namespace dibs::redis
