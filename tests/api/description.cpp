#include "api/description.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <mutex>

#include "api/openapi.h"

namespace dibs::api::test {
namespace {

std::mutex g_mutex;
Seen g_seen;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = pattern.substr(0, pattern.find('/', 1));
    const auto given = path.substr(0, path.find('/', 1));
    if (!wanted.starts_with("/{") && wanted != given) return false;
    pattern.remove_prefix(wanted.size());
    path.remove_prefix(given.size());
  }
  return pattern.empty() && path.empty();
}

}  // namespace

const boost::json::object& description() {
  static const boost::json::value kDescription = boost::json::parse(openapi_json());
  return kDescription.as_object();
}

std::string described_path(std::string_view path) {
  path = path.substr(0, path.find('?'));
  for (const auto& [pattern, item] : description().at("paths").as_object()) {
    if (matches(pattern, path)) return std::string(pattern);
  }
  return {};
}

void check_described(std::string_view method, std::string_view path, int status) {
  // Broken framing may answer any request; the description says so once, at its top.
  static const std::set<int> kFraming = {408, 411, 413, 417, 431, 501, 505};
  const std::string pattern = described_path(path);
  if (pattern.empty() || kFraming.contains(status)) return;
  const std::string verb = method == "HEAD" ? "get" : lower(method);
  const auto& item = description().at("paths").as_object().at(pattern).as_object();
  const auto* operation = item.if_contains(verb);
  if (operation == nullptr) return;
  const auto& responses = operation->as_object().at("responses").as_object();
  EXPECT_TRUE(responses.contains(std::to_string(status)))
      << "openapi.yaml does not name " << status << " at " << verb << " " << pattern;
  const std::lock_guard lock(g_mutex);
  g_seen.emplace(verb, pattern, status);
}

Seen seen() {
  const std::lock_guard lock(g_mutex);
  return g_seen;
}

Seen described() {
  Seen all;
  for (const auto& [pattern, item] : description().at("paths").as_object()) {
    for (const auto& [verb, operation] : item.as_object()) {
      if (verb == "parameters") continue;
      for (const auto& [status, response] : operation.as_object().at("responses").as_object()) {
        all.emplace(std::string(verb), std::string(pattern), std::stoi(std::string(status)));
      }
    }
  }
  return all;
}

}  // namespace dibs::api::test
