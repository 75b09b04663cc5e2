#include "base/time.h"

#include <ctime>

#include <array>
#include <cstdio>

#include "base/assert.h"

namespace dibs {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year_month_day;

constexpr int kYearMin = 1970;
constexpr int kYearMax = 2261;  // the last whole year of 64-bit nanoseconds

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return Instant(read(CLOCK_REALTIME)); }
  [[nodiscard]] Duration monotonic() const override { return read(CLOCK_MONOTONIC); }

 private:
  static Duration read(clockid_t id) {
    timespec ts{};
    const int rc = clock_gettime(id, &ts);
    DIBS_ASSERT(rc == 0);
    return seconds(ts.tv_sec) + Duration(ts.tv_nsec);
  }
};

/// Reads fields from the front of a text; after a failure every further read fails too.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    if (!ok_ || rest_.size() < count) return fail();
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  char one_of(std::string_view set) {
    if (!ok_ || rest_.empty() || set.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  Duration fraction() {
    if (!ok_ || rest_.empty() || rest_.front() != '.') return Duration(0);
    rest_.remove_prefix(1);
    std::int64_t ns = 0;
    int count = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && count < 9) {
      ns = ns * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
      ++count;
    }
    if (count == 0) fail();
    for (; count < 9; ++count) ns *= 10;
    return Duration(ns);
  }

  [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// `value` in `count` digits at `at`. 64-bit nanoseconds reach no year of other than four.
void put_digits(std::string& text, std::size_t at, std::size_t count, std::int64_t value) {
  for (std::size_t i = at + count; i-- > at; value /= 10) {
    text[i] = static_cast<char>('0' + value % 10);
  }
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string to_rfc3339(Instant instant) {
  const auto day = floor<days>(instant);
  const year_month_day date(day);
  const auto ms = floor<milliseconds>(instant - day).count();
  // Digit by digit: every row of the ledger has two of these, and snprintf showed there.
  std::string text = "0000-00-00T00:00:00.000Z";
  put_digits(text, 0, 4, static_cast<int>(date.year()));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, ms / 3'600'000);
  put_digits(text, 14, 2, ms / 60'000 % 60);
  put_digits(text, 17, 2, ms / 1'000 % 60);
  put_digits(text, 20, 3, ms % 1'000);
  return text;
}

std::string to_rfc3339_ns(Instant instant) {
  std::string text = to_rfc3339(instant);
  const auto below_ms = instant - floor<milliseconds>(instant);
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%06dZ", static_cast<int>(below_ms.count()));
  text.pop_back();
  return text + digits.data();
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  Cursor cursor(text);
  const int year = cursor.digits(4);
  cursor.one_of("-");
  const int month = cursor.digits(2);
  cursor.one_of("-");
  const int day = cursor.digits(2);
  cursor.one_of("Tt");
  const int hour = cursor.digits(2);
  cursor.one_of(":");
  const int minute = cursor.digits(2);
  cursor.one_of(":");
  const int second = cursor.digits(2);
  const Duration fraction = cursor.fraction();
  const char zone = cursor.one_of("Zz+-");
  minutes offset(0);
  if (cursor.ok() && (zone == '+' || zone == '-')) {
    const int offset_hours = cursor.digits(2);
    cursor.one_of(":");
    const int offset_minutes = cursor.digits(2);
    if (offset_hours > 23 || offset_minutes > 59) return std::nullopt;
    offset = hours(offset_hours) + minutes(offset_minutes);
    if (zone == '-') offset = -offset;
  }
  const year_month_day date(std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day)));
  if (!cursor.finished() || !date.ok() || year < kYearMin || year > kYearMax) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) +
         fraction - offset;
}

}  // namespace dibs
