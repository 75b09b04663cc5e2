#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load/run.h"

namespace dibs::load {

/// Collects violations, each kind once with a count and its first example.
class Findings {
 public:
  void add(std::string_view what, std::string_view example);
  /// Adds when `holds` is false; gives `holds` back.
  bool expect(bool holds, std::string_view what, std::string_view example);
  void add(const Violation& violation);

  [[nodiscard]] const std::vector<Violation>& all() const { return all_; }

 private:
  std::vector<Violation> all_;
};

}  // namespace dibs::load
