#pragma once

#include <string_view>

/// Files built into the library: src/load/CMakeLists.txt lists them.
namespace dibs::load::embedded {

[[nodiscard]] std::string_view chart_js();     ///< Chart.js, from Debian's libjs-chart.js
[[nodiscard]] std::string_view report_html();  ///< the frame of the report
[[nodiscard]] std::string_view report_css();
[[nodiscard]] std::string_view report_common_js();  ///< before all other scripts of a page
[[nodiscard]] std::string_view report_charts_js();  ///< before report_js, which calls it
[[nodiscard]] std::string_view report_js();
[[nodiscard]] std::string_view comparison_css();        ///< after report_css
[[nodiscard]] std::string_view comparison_charts_js();  ///< before comparison_js, which calls it
[[nodiscard]] std::string_view comparison_js();

}  // namespace dibs::load::embedded
