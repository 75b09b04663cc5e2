#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

struct redisContext;  // NOLINT(readability-identifier-naming): the name that hiredis gives it
struct redisReply;    // NOLINT(readability-identifier-naming)

namespace dibs::baselines {

/// One blocking connection to a Redis: each call returns when Redis has answered. Not thread-safe.
///
/// When Redis does not answer, or answers with an error, the connection is lost: from then on every
/// call does nothing and gives nothing, and `lost()` says so. A design may thus ask several things
/// in a row; its caller looks once, afterwards, and answers that the outcome is not known.
class Redis {
 public:
  using Words = std::initializer_list<std::string_view>;

  [[nodiscard]] static Result<Redis> open(const std::string& host, std::uint16_t port,
                                          Duration patience = std::chrono::seconds(15));

  /// An integer, also where Redis answers it as text; 0 where there is nothing.
  std::int64_t number(Words words);
  /// Whether the answer is OK, PONG or the like; not where Redis answers nothing (SET … NX).
  bool done(Words words);
  /// Nothing where Redis answers nothing.
  std::optional<std::string> text(Words words);

  [[nodiscard]] bool lost() const { return !why_lost_.empty(); }
  [[nodiscard]] const std::string& why_lost() const { return why_lost_; }

 private:
  struct Freed {
    void operator()(redisContext* context) const;
    void operator()(redisReply* reply) const;
  };
  using Reply = std::unique_ptr<redisReply, Freed>;

  explicit Redis(redisContext* context) : context_(context) {}
  Reply ask(Words words);

  std::unique_ptr<redisContext, Freed> context_;
  std::string why_lost_;
};

}  // namespace dibs::baselines
