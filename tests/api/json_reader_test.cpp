// The strict reader: what common parsers let pass and it must not.
#include "api/json_reader.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace dibs::api::json {
namespace {

/// Reads {"n": 1 to 1000, "z": 0 to 9, "t": text, "o": {"n": …}} and says what is wrong, or "fine".
std::string read(std::string_view body) {
  Document document;
  Complaint complaint;
  if (auto wrong = parse(body, document)) return *wrong;
  ObjectReader members(document, 0, "", complaint);
  members.integer("n", 1, 1'000);
  members.integer("z", 0, 9);
  members.text("t");
  if (const auto* node = members.find("o")) {
    ObjectReader inner(document, static_cast<std::size_t>(node - document.nodes.data()), "o",
                       complaint);
    inner.integer("n", 1, 1'000);
    inner.finish();
  }
  members.finish();
  return complaint.any() ? complaint.what : "fine";
}

TEST(JsonReader, TakesWhatIsWellFormed) {
  EXPECT_EQ(read(R"({})"), "fine");
  EXPECT_EQ(read(R"({"z":0})"), "fine");
  EXPECT_EQ(read(R"( {"n":1000,"t":"a\u00e9\n","o":{"n":1}} )"), "fine");
  EXPECT_EQ(read("{\"t\":\"\xc3\xa9\"}"), "fine");
}

struct Row {
  const char* body;
  const char* complaint;  ///< a part of it
};

class JsonReaderRefuses : public ::testing::TestWithParam<Row> {};

TEST_P(JsonReaderRefuses, AndNamesTheMember) {
  const std::string said = read(GetParam().body);
  EXPECT_NE(said, "fine") << GetParam().body;
  EXPECT_NE(said.find(GetParam().complaint), std::string::npos) << said;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, JsonReaderRefuses,
    ::testing::Values(
        Row{R"({"n":1,"n":2})", "member n is there twice"},
        Row{R"({"n":1,"\u006e":2})", "member n is there twice"},
        Row{R"({"o":{"n":1,"n":1}})", "n is there twice"}, Row{R"({"x":1})", "x is not a member"},
        Row{R"({"o":{"x":1}})", "o.x is not a member here; those are n"},
        Row{R"({"n":1.0})", "n must be 1 to 1000"}, Row{R"({"n":1e2})", "n must be 1 to 1000"},
        Row{R"({"n":1e400})", "n must be 1 to 1000"}, Row{R"({"z":-0})", "z must be 0 to 9"},
        Row{R"({"z":0.0})", "z must be 0 to 9"}, Row{R"({"n":0})", "n must be 1 to 1000"},
        Row{R"({"n":-1})", "n must be 1 to 1000"}, Row{R"({"n":1001})", "n must be 1 to 1000"},
        Row{R"({"n":2147483648})", "n must be 1 to 1000"},
        Row{R"({"n":9223372036854775808})", "n must be 1 to 1000"},
        Row{R"({"n":18446744073709551617})", "n must be 1 to 1000"},
        Row{R"({"n":"1"})", "n must be 1 to 1000"}, Row{R"({"n":null})", "n must be 1 to 1000"},
        Row{R"({"n":true})", "n must be 1 to 1000"}, Row{R"({"n":[1]})", "n must be 1 to 1000"},
        Row{R"({"o":{"n":0}})", "o.n must be 1 to 1000"}, Row{R"({"o":1})", "o must be an object"},
        Row{R"({"t":1})", "t must be a text"}, Row{R"([])", "the body must be an object"},
        Row{R"(1)", "the body must be an object"}, Row{"", "not JSON"}, Row{"{", "not JSON"},
        Row{R"({"n":1}x)", "stands behind"}, Row{R"({"n":1}{})", "stands behind"},
        Row{R"({"n":01})", "not JSON"}, Row{R"({"n":+1})", "not JSON"},
        Row{R"({"n":0x1})", "not JSON"}, Row{R"({"n":NaN})", "not JSON"},
        Row{R"({"n":1,})", "not JSON"}, Row{R"({n:1})", "not JSON"}, Row{R"({'n':1})", "not JSON"},
        Row{R"(/* */{"n":1})", "not JSON"}, Row{"{\"t\":\"\xff\"}", "not JSON"},
        Row{"{\"t\":\"\xc0\x80\"}", "not JSON"}, Row{"{\"t\":\"\xed\xa0\x80\"}", "not JSON"},
        Row{R"({"t":"\ud800"})", "not JSON"}, Row{"{\"t\":\"\n\"}", "not JSON"},
        Row{"\xef\xbb\xbf{}", "not JSON"}, Row{R"([[[[[[[[[1]]]]]]]]])", "too deeply"}));

TEST(JsonReader, TakesDepth8AndRefuses9) {
  Document document;
  EXPECT_FALSE(parse("[[[[[[[[1]]]]]]]]", document));
  EXPECT_TRUE(parse("[[[[[[[[[1]]]]]]]]]", document));
}

TEST(JsonReader, RefusesMoreMembersThanAnyRequestHas) {
  std::string body = "{";
  for (int i = 0; i < 65; ++i) body += (i == 0 ? "\"a" : ",\"a") + std::to_string(i) + "\":1";
  Document document;
  EXPECT_TRUE(parse(body + "}", document));
}

TEST(JsonReader, IsCleanAgainAfterARefusal) {
  Document document;
  EXPECT_TRUE(parse(R"({"a":{"b":[1,"x)", document));
  EXPECT_FALSE(parse(R"({"t":"y"})", document));
  EXPECT_EQ(document.text(document.nodes.at(1)), "y");
}

TEST(JsonReader, CutsAMembersNameBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 40; ++i) name += "\xc3\xa9";  // 80 bytes
  const auto said = read("{\"" + name + "\":1}");
  Document document;
  EXPECT_FALSE(parse("\"" + said + "\"", document)) << "the complaint itself must be UTF-8";
}

/// The parser that this one replaces: it must still be as careless as we say.
TEST(JsonReader, IsNeededBecauseTheDomIsCareless) {
  EXPECT_EQ(boost::json::parse(R"({"n":1,"n":2})").as_object().at("n").as_int64(), 2);
  EXPECT_GT(boost::json::parse("1e400").as_double(), 1e308);
}

}  // namespace
}  // namespace dibs::api::json
