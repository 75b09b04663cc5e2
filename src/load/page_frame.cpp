#include "load/page_frame.h"

#include <algorithm>

namespace dibs::load {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string Frame::fill(std::string_view frame) const {
  std::string out;
  for (auto at = frame.find("{{"); at != std::string_view::npos; at = frame.find("{{")) {
    const auto end = frame.find("}}", at);
    out.append(frame.substr(0, at)).append(content_of(frame.substr(at + 2, end - at - 2)));
    frame.remove_prefix(end + 2);
  }
  return out.append(frame);
}

std::string_view Frame::content_of(std::string_view name) const {
  const auto found = std::ranges::find(contents_, name, [](const auto& c) { return c.first; });
  return found == contents_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace dibs::load
