#include <gtest/gtest.h>

#include "redis/gateway.h"

/// Calls that must change nothing: of a gateway that knows other data or more of them, and those
/// whose first write fails.
namespace dibs::redis {
namespace {

using sale::Code;

TEST(Fence, stops_a_gateway_that_knows_another_epoch) {
  const RedisServer server;
  Gateway gateway(server, "spring");
  gateway.one(put_of(5));
  const auto before = gateway.everything();
  gateway.context().epoch = "another";
  const auto result = gateway.try_all({{.action = gateway.press("anna")}});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->fenced);
  EXPECT_EQ(result->epoch, "epoch-of-spring");
  EXPECT_NE(result->why_fenced.find("another epoch"), std::string::npos);
  EXPECT_EQ(gateway.everything(), before);
}

TEST(Fence, stops_a_gateway_that_has_seen_more) {
  const RedisServer server;
  Gateway gateway(server, "spring");
  gateway.one(put_of(5));
  const auto before = gateway.everything();
  gateway.context().min_seq = Seq(3);
  const auto result = gateway.try_all({{.action = gateway.press("anna")}});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->fenced);
  EXPECT_EQ(result->seq, Seq(2));
  EXPECT_NE(result->why_fenced.find("event 3"), std::string::npos);
  EXPECT_EQ(gateway.everything(), before);

  gateway.context().min_seq = Seq(2);
  EXPECT_EQ(gateway.one(gateway.press("anna")).code, Code::ok);
}

TEST(Fence, stops_a_gateway_whose_data_are_gone) {
  const RedisServer server;
  Gateway gateway(server, "spring");
  gateway.one(put_of(5));
  gateway.connection().text({"FLUSHALL"});
  const auto result = gateway.try_all({{.action = put_of(5)}});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->fenced);
  EXPECT_EQ(gateway.connection().text({"DBSIZE"}), "0");
}

TEST(Fence, looking_says_how_far_a_sale_is_and_changes_nothing) {
  const RedisServer server;
  Gateway gateway(server, "spring");
  gateway.one(put_of(5));
  gateway.one(gateway.press("anna"));
  const auto before = gateway.everything();
  const auto look = [&] {
    const Reply reply =
        gateway.connection().call(words_of_look(Library::built_in(), gateway.context()));
    return parse(*reply, gateway.context().known, 0);
  };
  const auto seen = look();
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->fenced);
  EXPECT_EQ(seen->seq, Seq(3));
  EXPECT_EQ(seen->epoch, "epoch-of-spring");
  ASSERT_TRUE(seen->next_due);
  EXPECT_GT(*seen->next_due, seen->now);
  gateway.context().min_seq = Seq(4);
  ASSERT_TRUE(look());
  EXPECT_TRUE(look()->fenced);
  EXPECT_EQ(gateway.everything(), before);
}

TEST(Fence, a_server_without_the_functions_says_so) {
  const RedisServer server;
  Gateway gateway(server, "spring");
  gateway.connection().text({"FUNCTION", "FLUSH"});
  const auto result = gateway.try_all({{.action = put_of(5)}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, FaultKind::not_found);
}

TEST(Append, that_repeats_an_event_changes_nothing) {
  const RedisServer server;
  Gateway gateway(server, "spring");
  gateway.one(put_of(5));
  // As after a figure that came back older than the stream: event 3 is there already.
  gateway.connection().text({"XADD", events_key(SaleId("spring")), "3-0", "type", "opened"});
  const auto before = gateway.everything();
  const auto result = gateway.try_all({{.action = gateway.press("anna")}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, FaultKind::corrupt);
  EXPECT_NE(result.error().what.find("ahead"), std::string::npos);
  EXPECT_EQ(gateway.everything(), before);
}

TEST(Append, of_an_arrival_that_was_given_before_changes_nothing) {
  const RedisServer server;
  Gateway gateway(server, "spring");
  gateway.one(put_of(0));
  gateway.connection().text({"XADD", arrivals_key(SaleId("spring")), "1-0", "first", "1"});
  const auto before = gateway.everything();
  EXPECT_FALSE(gateway.try_all({{.action = gateway.press("anna")}}));
  EXPECT_EQ(gateway.everything(), before);
}

TEST(Append, without_memory_changes_nothing_and_works_again_afterwards) {
  const RedisServer server;
  Gateway gateway(server, "spring");
  gateway.one(put_of(5));
  const auto before = gateway.everything();
  gateway.connection().text({"CONFIG", "SET", "maxmemory", "1"});
  const auto result = gateway.try_all({{.action = gateway.press("anna")}});
  gateway.connection().text({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, FaultKind::unavailable);
  EXPECT_NE(result.error().what.find("maxmemory"), std::string::npos);
  EXPECT_EQ(gateway.everything(), before);
  EXPECT_EQ(gateway.one(gateway.press("anna")).code, Code::ok);
}

}  // namespace
}  // namespace dibs::redis
