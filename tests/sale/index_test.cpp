#include "sale/index.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dibs::sale {
namespace {

/// Texts in a table whose hashes take few values, so that nearly all of them lie beside a stranger.
class Texts {
 public:
  explicit Texts(std::uint32_t hashes) : hashes_(hashes) {}

  void add(const std::string& text) {
    index_.insert(hash_of(text), static_cast<std::uint32_t>(texts_.size()));
    texts_.push_back(text);
  }
  [[nodiscard]] std::optional<std::uint32_t> find(const std::string& text) const {
    return index_.find(hash_of(text), [&](std::uint32_t at) { return texts_[at] == text; });
  }
  [[nodiscard]] Index& index() { return index_; }

 private:
  [[nodiscard]] std::uint32_t hash_of(const std::string& text) const {
    return static_cast<std::uint32_t>(std::hash<std::string>{}(text)) % hashes_ * 0x9e3779b1U;
  }

  std::uint32_t hashes_;
  std::vector<std::string> texts_;
  Index index_;
};

TEST(Index, finds_what_was_entered_and_nothing_else_through_every_doubling) {
  Texts texts(UINT32_MAX);
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    ASSERT_EQ(texts.find(std::to_string(i)), std::nullopt);
    texts.add(std::to_string(i));
    ASSERT_EQ(texts.find(std::to_string(i)), i);
    ASSERT_EQ(texts.find(std::to_string(i / 2)), i / 2);
  }
  for (std::uint32_t i = 0; i < 5'000; ++i) ASSERT_EQ(texts.find(std::to_string(i)), i);
}

TEST(Index, tells_entries_of_the_same_hash_apart) {
  Texts texts(7);
  for (std::uint32_t i = 0; i < 500; ++i) texts.add(std::to_string(i));
  for (std::uint32_t i = 0; i < 500; ++i) ASSERT_EQ(texts.find(std::to_string(i)), i);
  EXPECT_EQ(texts.find("500"), std::nullopt);
}

TEST(Index, goes_on_at_the_front_behind_the_last_slot) {
  Index index;
  for (std::uint32_t number = 0; number < 5; ++number) index.insert(UINT32_MAX, number);
  for (std::uint32_t number = 0; number < 5; ++number) {
    EXPECT_EQ(index.find(UINT32_MAX, [&](std::uint32_t n) { return n == number; }), number);
  }
  EXPECT_EQ(index.find(0, [](std::uint32_t) { return true; }), std::nullopt);
}

TEST(Index, room_made_before_the_first_entry_or_between_changes_nothing_found) {
  Texts texts(UINT32_MAX);
  EXPECT_EQ(texts.find("nobody"), std::nullopt);
  texts.index().reserve(100);
  texts.add("first");
  texts.index().reserve(100'000);
  texts.index().reserve(10);
  EXPECT_EQ(texts.find("first"), 0U);
  EXPECT_EQ(texts.find("nobody"), std::nullopt);
}

}  // namespace
}  // namespace dibs::sale
