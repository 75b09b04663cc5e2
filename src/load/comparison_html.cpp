#include "load/comparison.h"

namespace dibs::load {
std::string to_html(const Comparison& all, Language language) {
  return "<pre>" + table(all, language) + "</pre>";
}
}  // namespace dibs::load
