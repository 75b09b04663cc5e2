#include <gtest/gtest.h>

#include "redis/redis_server.h"

/// The tests' own server, without which none of the others means anything.
namespace dibs::redis {
namespace {

TEST(RedisServer, keeps_what_it_answered_over_a_kill_when_it_appends_always) {
  RedisServer server({"--appendonly", "yes", "--appendfsync", "always"});
  EXPECT_EQ(server.connect().text({"SET", "key", "value"}), "OK");
  server.kill();
  server.start();
  EXPECT_EQ(server.connect().text({"GET", "key"}), "value");
}

TEST(RedisServer, gives_the_replies_of_several_calls_in_their_order) {
  const RedisServer server;
  const auto replies =
      server.connect().call_all({{"INCR", "key"}, {"INCRBY", "key", "x"}, {"INCR", "key"}});
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(replies[0]->integer, 1);
  EXPECT_EQ(replies[1]->type, REDIS_REPLY_ERROR);
  EXPECT_EQ(replies[2]->integer, 2);
}

}  // namespace
}  // namespace dibs::redis
