#pragma once

#include <string>

namespace dibs::load {

/// The same in both languages.
struct Sentence {
  std::string english;
  std::string korean;
};

}  // namespace dibs::load
