#include <gtest/gtest.h>

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <vector>

#include "http/framing_rows.h"

// The planted bug of the framing table: Beast's parser by itself, without our checks, in our
// reader's place. The table must notice.

namespace dibs::http::testing {
namespace {

namespace beast_http = boost::beast::http;

bool beast_alone_accepts(const std::string& bytes) {
  beast_http::request_parser<beast_http::string_body> parser;
  parser.eager(true);
  parser.header_limit(64 * 1024);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(bytes), error);
  return !error && parser.is_done();
}

TEST(FramingTable, catches_a_reader_that_trusts_the_parser_alone) {
  std::vector<std::string> let_pass;
  for (const FramingRow& row : refused_rows())
    if (beast_alone_accepts(row.bytes)) let_pass.push_back(row.name);
  const std::vector<std::string> known = {"two equal lengths",
                                          "list of equal lengths",
                                          "length with leading zero",
                                          "folded with a blank",
                                          "two Hosts",
                                          "no Host",
                                          "chunked",
                                          "POST without length"};
  for (const std::string& name : known)
    EXPECT_TRUE(std::ranges::find(let_pass, name) != let_pass.end()) << name;
}

TEST(FramingTable, good_rows_are_good_for_the_parser_alone_too) {
  for (const FramingRow& row : accepted_rows())
    EXPECT_TRUE(beast_alone_accepts(row.bytes)) << row.name;
}

}  // namespace
}  // namespace dibs::http::testing
