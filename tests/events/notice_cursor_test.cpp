#include "events/notice_cursor.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace dibs::events {
namespace {

class NoticeCursorFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "dibs-events-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = directory_ + "/notices.cursor";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string text() const {
    std::ostringstream all;
    all << std::ifstream(path_).rdbuf();
    return all.str();
  }
  void put(const std::string& text) const { std::ofstream(path_) << text; }

  std::string directory_;
  std::string path_;
};

NoticeCursor some() {
  NoticeCursor cursor;
  cursor.from = Position(7);
  cursor.sales[SaleId("a")] = {{Seq(3), Position(9)}, false, "https://shop.example/a?b=c"};
  cursor.sales[SaleId("b")] = {{Seq(4), Position(8)}, true, "http://localhost:1/"};
  return cursor;
}

TEST_F(NoticeCursorFile, is_read_as_it_was_written) {
  EXPECT_FALSE(read_cursor(path_).value());
  ASSERT_TRUE(write_cursor(path_, some()));
  const auto read = read_cursor(path_).value().value();
  EXPECT_EQ(read.from, Position(7));
  ASSERT_EQ(read.sales.size(), 2U);
  const auto& entry = read.sales.at(SaleId("b"));
  EXPECT_EQ(entry.delivered.seq, Seq(4));
  EXPECT_EQ(entry.delivered.position, Position(8));
  EXPECT_TRUE(entry.test);
  EXPECT_EQ(entry.url, "http://localhost:1/");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".tmp"));
}

TEST_F(NoticeCursorFile, cut_anywhere_it_is_damaged_and_never_less) {
  ASSERT_TRUE(write_cursor(path_, some()));
  const std::string whole = text();
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    put(whole.substr(0, size));
    const auto read = read_cursor(path_);
    ASSERT_FALSE(read) << "cut to " << size << " bytes it was read";
    EXPECT_EQ(read.error().kind, FaultKind::corrupt);
  }
}

TEST_F(NoticeCursorFile, that_cannot_be_written_is_as_it_was) {
  ASSERT_TRUE(write_cursor(path_, some()));
  const std::string before = text();
  std::filesystem::create_directory(path_ + ".tmp");
  EXPECT_FALSE(write_cursor(path_, NoticeCursor{}));
  EXPECT_EQ(text(), before);
}

}  // namespace
}  // namespace dibs::events
