#include "sale/blocks.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "sale/texts.h"

namespace dibs::sale {
namespace {

struct Numbered {
  std::size_t number = 7;
};

TEST(Blocks, keeps_every_element_at_its_index_and_where_it_was) {
  Blocks<Numbered, 4> blocks;
  std::vector<const Numbered*> places;
  for (std::size_t i = 0; i < 1'000; ++i) {
    Numbered& added = blocks.emplace_back();
    ASSERT_EQ(added.number, 7U) << "as its type begins";
    added.number = i;
    places.push_back(&added);
  }
  EXPECT_EQ(blocks.size(), 1'000U);
  EXPECT_EQ(blocks.back().number, 999U);
  for (std::size_t i = 0; i < 1'000; ++i) {
    ASSERT_EQ(blocks[i].number, i);
    ASSERT_EQ(&blocks[i], places[i]);
  }
}

TEST(Blocks, elements_made_together_lie_together) {
  Blocks<char, 8> blocks;
  std::vector<std::size_t> firsts;
  for (std::size_t i = 0; i < 500; ++i) {
    const std::size_t count = 1 + i % 8;
    firsts.push_back(blocks.append(count));
    std::memset(&blocks[firsts.back()], static_cast<char>(i % 100), count);
  }
  for (std::size_t i = 0; i < 500; ++i) {
    for (std::size_t n = 0; n < 1 + i % 8; ++n) {
      ASSERT_EQ(blocks[firsts[i] + n], static_cast<char>(i % 100));
      ASSERT_EQ(&blocks[firsts[i] + n], &blocks[firsts[i]] + n);
    }
  }
}

TEST(Texts, gives_back_what_was_added_over_many_blocks) {
  Texts texts;
  std::vector<std::uint64_t> offsets;
  for (std::size_t i = 0; i < 2'000; ++i) {
    offsets.push_back(texts.add(std::string(i % 128, 'a'), std::to_string(i)));
  }
  for (std::size_t i = 0; i < 2'000; ++i) {
    const std::string expected = std::string(i % 128, 'a') + std::to_string(i);
    ASSERT_EQ(texts.at(offsets[i], expected.size()), expected);
  }
  EXPECT_EQ(texts.at(texts.add({}), 0), "");
}

}  // namespace
}  // namespace dibs::sale
