#include "load/embedded.h"
#include "load/page_frame.h"
#include "load/report.h"
#include "load/report_data.h"
#include "load/words.h"

namespace dibs::load {

std::string to_html(const Run& run, Language language) {
  Frame frame;
  frame.set("language", std::string(pick(language, "en", "ko")));
  frame.set("title", escaped("Dibs: " + run.sale_before.title));
  frame.set("plain", "<pre>" + escaped(table(run, language)) + "</pre>");
  frame.set("css", std::string(embedded::report_css()));
  frame.set("data", report_data(run, language));
  frame.set("chart", std::string(embedded::chart_js()));
  frame.set("script", std::string(embedded::report_common_js())
                          .append(embedded::report_charts_js())
                          .append(embedded::report_js()));
  return frame.fill(embedded::report_html());
}

}  // namespace dibs::load
