#include "sandbox/faults.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace dibs::sandbox {
namespace {

std::unexpected<Fault> refuse(std::string_view part, const std::string& why) {
  return fault(FaultKind::bad_input, "The fault " + std::string(part) + " " + why + ".",
               "Faults are NAME=SHARE with commas between, shares from 0 to 1; the names are in "
               "docs/formats/provider.md.");
}

}  // namespace

Result<void> apply_faults(std::string_view text, Faults& faults) {
  Faults changed = faults;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return refuse(part, "has no value");
    const auto name = part.substr(0, equals);
    const auto digits = part.substr(equals + 1);
    const auto* row = std::ranges::find(kFaults, name, &FaultRow::name);
    if (row == kFaults.end()) return refuse(part, "is not known");
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = error == std::errc() && end == digits.data() + digits.size();
    if (!whole || !(value >= 0 && value <= row->max)) {
      return refuse(part, "must be from 0 to " + std::to_string(static_cast<int>(row->max)));
    }
    changed.*(row->member) = value;
  }
  faults = changed;
  return {};
}

std::string to_json(const Faults& faults) {
  boost::json::object object;
  for (const FaultRow& row : kFaults) object[row.name] = faults.*(row.member);
  return boost::json::serialize(object);
}

}  // namespace dibs::sandbox
