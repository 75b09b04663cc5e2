#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "load/fake_server.h"
#include "load/load.h"

namespace dibs::load::testing {

inline Options options_for(const FakeServer& server) {
  Options options;
  options.port = server.port();
  options.sale = "rush";
  options.buyers = 300;
  options.connections = 20;
  options.patience = std::chrono::seconds(20);
  return options;
}

inline Run run_against(const FakeServer& server, const Options& options) {
  auto run = load::run(options);
  EXPECT_TRUE(run.has_value()) << (run ? "" : run.error().what);
  (void)server;
  return run ? std::move(*run) : Run{};
}

inline bool says(const Run& run, std::string_view words) {
  const auto broken = verdict(run);
  return std::ranges::any_of(
      broken, [&](const std::string& s) { return s.find(words) != std::string::npos; });
}

/// The whole verdict.
inline std::string all_of(const Run& run) {
  std::string out;
  for (const std::string& sentence : verdict(run)) out += sentence + "\n";
  return out;
}

}  // namespace dibs::load::testing
