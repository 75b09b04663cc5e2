#include "load/embedded.h"

// The bytes lie in the read-only data of embedded.S, each file between two labels.
extern "C" {
extern const char dibs_load_chart_js[];
extern const char dibs_load_chart_js_end[];
extern const char dibs_load_report_html[];
extern const char dibs_load_report_html_end[];
extern const char dibs_load_report_css[];
extern const char dibs_load_report_css_end[];
extern const char dibs_load_report_common_js[];
extern const char dibs_load_report_common_js_end[];
extern const char dibs_load_report_charts_js[];
extern const char dibs_load_report_charts_js_end[];
extern const char dibs_load_report_js[];
extern const char dibs_load_report_js_end[];
extern const char dibs_load_comparison_css[];
extern const char dibs_load_comparison_css_end[];
extern const char dibs_load_comparison_charts_js[];
extern const char dibs_load_comparison_charts_js_end[];
extern const char dibs_load_comparison_js[];
extern const char dibs_load_comparison_js_end[];
}

namespace dibs::load::embedded {

std::string_view chart_js() { return {dibs_load_chart_js, dibs_load_chart_js_end}; }
std::string_view report_html() { return {dibs_load_report_html, dibs_load_report_html_end}; }
std::string_view report_css() { return {dibs_load_report_css, dibs_load_report_css_end}; }
std::string_view report_common_js() {
  return {dibs_load_report_common_js, dibs_load_report_common_js_end};
}
std::string_view report_charts_js() {
  return {dibs_load_report_charts_js, dibs_load_report_charts_js_end};
}
std::string_view report_js() { return {dibs_load_report_js, dibs_load_report_js_end}; }
std::string_view comparison_css() {
  return {dibs_load_comparison_css, dibs_load_comparison_css_end};
}
std::string_view comparison_charts_js() {
  return {dibs_load_comparison_charts_js, dibs_load_comparison_charts_js_end};
}
std::string_view comparison_js() { return {dibs_load_comparison_js, dibs_load_comparison_js_end}; }

}  // namespace dibs::load::embedded
