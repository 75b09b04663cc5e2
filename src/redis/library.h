#pragma once

#include <string>
#include <string_view>

namespace dibs::redis {

/// The Lua functions that a Redis server runs for Dibs, as one library of FUNCTION LOAD. The names
/// of the library and of its functions end in a hash of its text, so that versions live side by
/// side on one server, each called by the gateways that were built with it
/// (docs/formats/redis.md). Immutable; any thread may read it.
class Library {
 public:
  /// The library of this build.
  [[nodiscard]] static const Library& built_in();

  /// `text` names the library in its first line, `#!lua name=dibs_VERSION`.
  explicit Library(std::string text);

  /// For FUNCTION LOAD. Loading a library that is there already is an error of the server that
  /// says so and changes nothing: its text is the same.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// `dibs_VERSION`.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Does what is due and a batch of commands: `dibs_apply_VERSION`. Writes.
  [[nodiscard]] const std::string& apply() const { return apply_; }
  /// Says how far a sale is, and changes nothing: `dibs_look_VERSION`.
  [[nodiscard]] const std::string& look() const { return look_; }
  /// Makes a snapshot the one of its sale: `dibs_point_VERSION`. Writes.
  [[nodiscard]] const std::string& point() const { return point_; }
  /// Cuts events that nobody needs any more: `dibs_trim_VERSION`. Writes.
  [[nodiscard]] const std::string& trim() const { return trim_; }

 private:
  std::string text_;
  std::string name_;
  std::string apply_;
  std::string look_;
  std::string point_;
  std::string trim_;
};

/// The text as the build put it together from src/redis/functions (embed_functions.py).
[[nodiscard]] std::string_view embedded_functions();

}  // namespace dibs::redis
