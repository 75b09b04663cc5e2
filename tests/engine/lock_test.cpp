#include <gtest/gtest.h>

#include <unistd.h>

#include <string>

#include "base/temp_dir.h"
#include "engine/disk.h"
#include "engine/layout.h"
#include "engine/manual_clock.h"
#include "engine/running_engine.h"

/// One process serves a data directory.
namespace dibs::engine {
namespace {

TEST(Lock, a_second_process_is_refused_and_told_which_holds_the_directory) {
  const TempDir dir;
  const ManualClock clock;
  RunningEngine first(small_options(dir.path()), clock);
  ASSERT_TRUE(first.opened());
  const RunningEngine second(small_options(dir.path()), clock);
  ASSERT_FALSE(second.opened());
  EXPECT_NE(second.refusal().what.find("in use by process " + std::to_string(::getpid())),
            std::string::npos)
      << second.refusal().what;
}

TEST(Lock, a_second_process_is_refused_also_when_the_lock_file_was_removed) {
  const TempDir dir;
  const ManualClock clock;
  RunningEngine first(small_options(dir.path()), clock);
  ASSERT_TRUE(first.opened());
  ASSERT_TRUE(posix_disk().remove(lock_path(dir.path())).has_value());
  const RunningEngine second(small_options(dir.path()), clock);
  EXPECT_FALSE(second.opened());
}

TEST(Lock, the_directory_is_free_again_after_the_engine_is_gone) {
  const TempDir dir;
  const ManualClock clock;
  {
    const RunningEngine first(small_options(dir.path()), clock);
  }
  const RunningEngine second(small_options(dir.path()), clock);
  EXPECT_TRUE(second.opened()) << second.refusal().what;
}

}  // namespace
}  // namespace dibs::engine
