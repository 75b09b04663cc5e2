#include "load/comparison.h"
#include "load/comparison_data.h"
#include "load/embedded.h"
#include "load/page_frame.h"
#include "load/words.h"

namespace dibs::load {

std::string to_html(const Comparison& all, Language language) {
  Frame frame;
  frame.set("language", std::string(pick(language, "en", "ko")));
  frame.set("title", std::string(pick(language, "Dibs: the designs compared", "Dibs: 설계 비교")));
  frame.set("plain", "<pre>" + escaped(table(all, language)) + "</pre>");
  frame.set("css", std::string(embedded::report_css()).append(embedded::comparison_css()));
  frame.set("data", comparison_data(all, language));
  frame.set("chart", std::string(embedded::chart_js()));
  frame.set("script", std::string(embedded::report_common_js())
                          .append(embedded::comparison_charts_js())
                          .append(embedded::comparison_js()));
  return frame.fill(embedded::report_html());
}

}  // namespace dibs::load
