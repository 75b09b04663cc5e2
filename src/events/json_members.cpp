#include "events/json_members.h"

#include <boost/json/value.hpp>

#include "sale/spec.h"

namespace dibs::events {

namespace json = boost::json;

JsonMembers::JsonMembers(const json::value* value, std::string_view name, Objection& objection)
    : name_(name), objection_(objection) {
  if (value == nullptr) return;
  object_ = value->if_object();
  if (object_ == nullptr) objection_.note(std::string(name) + " is not an object");
}

bool JsonMembers::has(std::string_view name) const {
  return object_ != nullptr && object_->contains(name);
}

const json::value* JsonMembers::find(std::string_view name) {
  if (object_ == nullptr) return nullptr;
  const json::value* found = object_->if_contains(name);
  if (found != nullptr) ++asked_;
  return found;
}

const json::value* JsonMembers::require(std::string_view name) {
  const json::value* found = find(name);
  if (found == nullptr) {
    objection_.note(std::string(name_) + " has no member " + std::string(name));
  }
  return found;
}

void JsonMembers::wrong(std::string_view name) {
  objection_.note(std::string(name_) + "'s " + std::string(name) + " is not what may stand there");
}

std::string JsonMembers::text(std::string_view name) {
  const json::value* found = require(name);
  if (found == nullptr) return {};
  const json::string* text = found->if_string();
  if (text == nullptr) {
    wrong(name);
    return {};
  }
  return std::string(text->data(), text->size());
}

std::optional<std::string> JsonMembers::optional_text(std::string_view name) {
  if (!has(name)) return std::nullopt;
  return text(name);
}

std::string JsonMembers::text(std::string_view name, bool (*rule)(std::string_view)) {
  std::string found = text(name);
  if (!rule(found)) wrong(name);
  return found;
}

std::string JsonMembers::optional_text(std::string_view name, bool (*rule)(std::string_view)) {
  auto found = optional_text(name);
  if (!found) return {};
  if (!rule(*found)) wrong(name);
  return *std::move(found);
}

std::int64_t JsonMembers::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const json::value* found = require(name);
  if (found == nullptr) return least;
  const std::int64_t* value = found->if_int64();
  if (value != nullptr && *value >= least && *value <= most) return *value;
  wrong(name);
  return least;
}

std::uint64_t JsonMembers::number(std::string_view name, std::uint64_t least, std::uint64_t most) {
  const json::value* found = require(name);
  if (found == nullptr) return least;
  std::optional<std::uint64_t> value;
  if (const auto* big = found->if_uint64()) value = *big;
  if (const auto* small = found->if_int64(); small != nullptr && *small >= 0) {
    value = static_cast<std::uint64_t>(*small);
  }
  if (value && *value >= least && *value <= most) return *value;
  wrong(name);
  return least;
}

std::optional<std::uint64_t> JsonMembers::optional_number(std::string_view name) {
  if (!has(name)) return std::nullopt;
  return number(name, 0, UINT64_MAX);
}

bool JsonMembers::flag(std::string_view name) {
  const json::value* found = require(name);
  if (found == nullptr) return false;
  if (!found->is_bool()) wrong(name);
  return found->is_bool() && found->get_bool();
}

Instant JsonMembers::instant(std::string_view name) {
  const std::string found = text(name);
  const auto parsed = parse_rfc3339(found);
  if (parsed && sale::is_storable(*parsed)) return *parsed;
  wrong(name);
  return {};
}

std::optional<Instant> JsonMembers::optional_instant(std::string_view name) {
  if (!has(name)) return std::nullopt;
  return instant(name);
}

bool JsonMembers::second_of(std::string_view name, std::string_view first,
                            std::string_view second) {
  const std::string found = text(name);
  if (found != first && found != second) wrong(name);
  return found == second;
}

void JsonMembers::finish() {
  if (object_ == nullptr || object_->size() == asked_) return;
  objection_.note(std::string(name_) + " has " + std::to_string(object_->size() - asked_) +
                  " members that nobody knows");
}

}  // namespace dibs::events
