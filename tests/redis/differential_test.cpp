#include <gtest/gtest.h>

#include <cstdlib>

#include "redis/differential.h"

/// Holds the Lua functions to src/sale: the same random commands on both, in random batches, and
/// after each batch every answer and every event is the same, field by field.
///
/// More of it: DIBS_COMMANDS=10000000 DIBS_SEED=1 build/release/tests/dibs_redis_tests
/// --gtest_filter='Differential.*' (scripts/torture redis-differential does that). A failure names
/// the seed of its episode: DIBS_COMMANDS=1 DIBS_SEED=that runs it alone.
namespace dibs::redis {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void load(Connection& connection, const Library& library) {
  ASSERT_EQ(connection.text({"FUNCTION", "LOAD", library.text()}), library.name());
}

TEST(Differential, decides_as_the_rules_do) {
  const RedisServer server;
  Connection connection = server.connect();
  load(connection, Library::built_in());
  const std::uint64_t commands = from_environment("DIBS_COMMANDS", 100'000);
  std::uint64_t seed = from_environment("DIBS_SEED", 1);
  Situations situations;
  for (std::uint64_t done = 0; done < commands; ++seed) {
    const auto trouble = difference(connection, Library::built_in(), seed, done, &situations);
    ASSERT_EQ(trouble, std::nullopt);
  }
  for (const auto& [name, count] : situations) std::printf("%8lu %s\n", count, name.c_str());
}

}  // namespace
}  // namespace dibs::redis
