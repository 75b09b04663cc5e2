#include <algorithm>

#include "load/embedded.h"
#include "load/json_writer.h"
#include "load/report.h"
#include "load/report_data.h"
#include "load/words.h"

namespace dibs::load {
namespace {

[[nodiscard]] std::string escaped(std::string_view text) {
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

/// Replaces `{{name}}` in the frame, in one pass over it: what was put in is not looked at again,
/// so no title can smuggle a placeholder in.
class Frame {
 public:
  void set(std::string_view name, std::string content) {
    contents_.emplace_back(name, std::move(content));
  }

  [[nodiscard]] std::string fill(std::string_view frame) const {
    std::string out;
    for (auto at = frame.find("{{"); at != std::string_view::npos; at = frame.find("{{")) {
      const auto end = frame.find("}}", at);
      out.append(frame.substr(0, at)).append(content_of(frame.substr(at + 2, end - at - 2)));
      frame.remove_prefix(end + 2);
    }
    return out.append(frame);
  }

 private:
  [[nodiscard]] std::string_view content_of(std::string_view name) const {
    const auto found = std::ranges::find(contents_, name, [](const auto& c) { return c.first; });
    return found == contents_.end() ? std::string_view() : std::string_view(found->second);
  }

  std::vector<std::pair<std::string_view, std::string>> contents_;
};

}  // namespace

std::string to_html(const Run& run, Language language) {
  Frame frame;
  frame.set("language", std::string(pick(language, "en", "ko")));
  frame.set("title", escaped("Dibs: " + run.sale_before.title));
  frame.set("plain", "<pre>" + escaped(table(run, language)) + "</pre>");
  frame.set("css", std::string(embedded::report_css()));
  frame.set("data", report_data(run, language));
  frame.set("chart", std::string(embedded::chart_js()));
  frame.set("script", std::string(embedded::report_charts_js()).append(embedded::report_js()));
  return frame.fill(embedded::report_html());
}

}  // namespace dibs::load
