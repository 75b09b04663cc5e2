#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "redis/library.h"

namespace dibs::redis {

/// One place of the functions' text, and what stands there instead.
struct Change {
  std::string right;
  std::string wrong;
};

/// So that lines are left over several calls although they are short here.
inline const Change kPiecemeal{"LEAVING_PER_CALL = 128", "LEAVING_PER_CALL = 1"};

/// The built-in functions with some places changed, under the version `name`, so that they can be
/// loaded beside the right ones. Each place must stand in the text once.
inline Library changed_library(const std::string& name, const std::vector<Change>& changes) {
  const Library& built_in = Library::built_in();
  std::string text = built_in.text();
  for (const Change& change : changes) {
    const std::size_t at = text.find(change.right);
    EXPECT_NE(at, std::string::npos) << name << ": a place is gone: " << change.right;
    EXPECT_EQ(text.find(change.right, at + 1), std::string::npos) << name << ": two places";
    if (at != std::string::npos) text.replace(at, change.right.size(), change.wrong);
  }
  const std::string version = built_in.name().substr(built_in.name().find('_') + 1);
  for (std::size_t v = text.find(version); v != std::string::npos; v = text.find(version, v + 1)) {
    text.replace(v, version.size(), name);
  }
  return Library(text);
}

}  // namespace dibs::redis
