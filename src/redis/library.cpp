#include "redis/library.h"

#include <utility>

#include "base/assert.h"

namespace dibs::redis {
namespace {

constexpr std::string_view kFirstLine = "#!lua name=";
constexpr std::string_view kPrefix = "dibs_";

}  // namespace

const Library& Library::built_in() {
  static const Library library{std::string(embedded_functions())};
  return library;
}

Library::Library(std::string text) : text_(std::move(text)) {
  DIBS_ASSERT(text_.starts_with(kFirstLine));
  name_ = text_.substr(kFirstLine.size(), text_.find('\n') - kFirstLine.size());
  DIBS_ASSERT(name_.starts_with(kPrefix));
  const std::string version = name_.substr(kPrefix.size());
  apply_ = "dibs_apply_" + version;
  look_ = "dibs_look_" + version;
  point_ = "dibs_point_" + version;
  trim_ = "dibs_trim_" + version;
}

}  // namespace dibs::redis
