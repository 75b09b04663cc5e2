#include "load/findings.h"

#include <algorithm>

namespace dibs::load {

void Findings::add(std::string_view what, std::string_view example) {
  add(Violation{std::string(what), 1, std::string(example)});
}

bool Findings::expect(bool holds, std::string_view what, std::string_view example) {
  if (!holds) add(what, example);
  return holds;
}

void Findings::add(const Violation& violation) {
  const auto known = std::ranges::find(all_, violation.what, &Violation::what);
  if (known == all_.end()) {
    all_.push_back(violation);
  } else {
    known->count += violation.count;
  }
}

}  // namespace dibs::load
