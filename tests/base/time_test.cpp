#include "base/time.h"

#include <gtest/gtest.h>

namespace dibs {
namespace {

TEST(Rfc3339, is_written_with_milliseconds_rounded_down) {
  EXPECT_EQ(to_rfc3339(from_ns(1'796'122'800'000'000'000)), "2026-12-01T11:00:00.000Z");
  EXPECT_EQ(to_rfc3339(from_ns(1'796'122'799'999'999'999)), "2026-12-01T10:59:59.999Z");
}

TEST(Rfc3339, is_read_with_offset_and_fraction) {
  const auto noon = parse_rfc3339("2026-12-01T11:00:00.000Z");
  ASSERT_TRUE(noon);
  EXPECT_EQ(to_ns(*noon), 1'796'122'800'000'000'000);
  EXPECT_EQ(parse_rfc3339("2026-12-01T20:00:00+09:00"), noon);
  EXPECT_EQ(parse_rfc3339("2026-12-01T11:00:00.5Z"), *noon + std::chrono::milliseconds(500));
}

TEST(Rfc3339, refuses_what_is_not_a_time) {
  for (const auto* text : {"", "2026-12-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                           "2026-12-01T24:00:00Z", "2026-12-01T11:00:60Z", "2026-12-01T11:00:00",
                           "2026-12-01T11:00:00.Z", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z",
                           "2026-12-01T11:00:00Zjunk", "2026-12-01T11:00:00+99:00"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace dibs
