#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dibs::load {

/// Text that may stand in HTML, between tags and in attributes.
[[nodiscard]] std::string escaped(std::string_view text);

/// Replaces `{{name}}` in the frame, in one pass over it: what was put in is not looked at again,
/// so no title can smuggle a placeholder in.
class Frame {
 public:
  void set(std::string_view name, std::string content) {
    contents_.emplace_back(name, std::move(content));
  }
  [[nodiscard]] std::string fill(std::string_view frame) const;

 private:
  [[nodiscard]] std::string_view content_of(std::string_view name) const;

  std::vector<std::pair<std::string_view, std::string>> contents_;
};

}  // namespace dibs::load
