#include "events/cloud_event.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "events/every_fact.h"

// Events as JSON and back. The golden files are what version 1 of the schema looked like when it
// was written down: they keep decoding, whatever the writer does later.

namespace dibs::events {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " is not in " << text;
  if (at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

std::string why_not(const std::string& json) {
  const auto event = parse_cloud_event(json);
  if (event) return "taken";
  EXPECT_EQ(event.error().kind, FaultKind::corrupt);
  return event.error().what;
}

ChainedEvent event_named(std::string_view name) {
  for (auto& [its, event] : every_event()) {
    if (its == name) return event;
  }
  ADD_FAILURE() << "no event " << name;
  return {};
}

std::string json_of(std::string_view name) { return to_cloud_event(event_named(name)); }

TEST(CloudEvent, every_fact_comes_back_as_it_was) {
  std::set<std::size_t> facts;
  for (const auto& [name, event] : every_event()) {
    facts.insert(event.event.fact.index());
    const auto back = parse_cloud_event(to_cloud_event(event));
    ASSERT_TRUE(back) << name << ": " << back.error().what;
    EXPECT_EQ(*back, event) << name;
  }
  EXPECT_EQ(facts.size(), std::variant_size_v<sale::Fact>) << "every_fact() lacks a fact";
}

/// With DIBS_WRITE_GOLDEN set it writes the files: only for facts that are new.
TEST(CloudEvent, golden_files_keep_decoding) {
  const std::string dir = DIBS_SOURCE_DIR "/tests/fixtures/events/";
  for (const auto& [name, event] : every_event()) {
    const std::string path = dir + name + ".json";
    if (std::getenv("DIBS_WRITE_GOLDEN") != nullptr && !std::ifstream(path).is_open()) {
      std::ofstream(path) << to_cloud_event(event) << '\n';
    }
    std::stringstream golden;
    golden << std::ifstream(path).rdbuf();
    const auto read = parse_cloud_event(golden.str());
    ASSERT_TRUE(read) << path << ": " << read.error().what;
    EXPECT_EQ(*read, event) << path;
    EXPECT_EQ(to_cloud_event(event) + "\n", golden.str())
        << path << ": a changed form needs another schemaversion, unless old readers can read it";
  }
}

TEST(CloudEvent, has_what_cloudevents_asks_for_and_names_as_notices_have_them) {
  const std::string json = json_of("held");
  for (const char* part :
       {R"({"specversion":"1.0","type":"dibs.order.held","id":"concert:9",)",
        R"("source":"/v1/sales/concert","time":"2026-11-30T11:00:09.000000063Z")",
        R"("schemaversion":1,"sale":"concert","seq":9,"epoch":"0123456789abcdef0123456789abcdef")",
        R"("data":{"order":"ord_aaaqeayeaudaocajbifqydiob4.concert","arrival":7,"state":"held")",
        R"("received_at":"2026-11-30T11:00:00.123456789Z")", R"("reference":"cart-9")",
        R"({"sku":"floor","quantity":2,"price":50000})"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
}

TEST(CloudEvent, what_is_not_exactly_an_event_is_refused_and_named) {
  const std::string held = json_of("held");
  const auto changed = [&](std::string_view what, std::string_view with) {
    return why_not(replaced(held, what, with));
  };
  EXPECT_NE(why_not("").find("not JSON"), std::string::npos);
  EXPECT_NE(why_not("[]").find("is not an object"), std::string::npos);
  EXPECT_NE(why_not(held + "x").find("not JSON"), std::string::npos);
  EXPECT_NE(why_not(held.substr(0, held.size() - 1)).find("not JSON"), std::string::npos);
  EXPECT_NE(changed(R"("schemaversion":1)", R"("schemaversion":2)").find("schema is 2"),
            std::string::npos);
  EXPECT_NE(changed("dibs.order.held", "dibs.order.kept").find("type dibs.order.kept is unknown"),
            std::string::npos);
  EXPECT_NE(changed(R"("seq":9)", R"("seq":9,"more":1)").find("members that nobody knows"),
            std::string::npos);
  EXPECT_NE(changed(R"("buyer":)", R"("more":1,"buyer":)").find("data has 1 members"),
            std::string::npos);
  EXPECT_NE(changed(R"("quantity":2,)", "").find("an item has no member quantity"),
            std::string::npos);
  EXPECT_NE(changed(R"("id":"concert:9")", R"("id":"concert:8")").find("'s id"), std::string::npos);
  EXPECT_NE(changed("/v1/sales/concert", "/v1/sales/other").find("'s source"), std::string::npos);
  EXPECT_NE(changed(".concert\"", ".other\"").find("'s order"), std::string::npos);
  EXPECT_NE(changed("\"state\":\"held\"", "\"state\":\"waiting\"").find("'s type"),
            std::string::npos);
  EXPECT_NE(changed("123456789Z", "123456788Z").find("its hash"), std::string::npos);
  EXPECT_NE(changed("buyer-1", "buyer-2").find("its hash"), std::string::npos);
  EXPECT_NE(changed("\"epoch\":\"0", "\"epoch\":\" 0").find("'s epoch"), std::string::npos);
  EXPECT_NE(changed("\"quantity\":2", "\"quantity\":2.0").find("'s quantity"), std::string::npos);
  EXPECT_EQ(changed("{\"specversion", " {\n\"specversion"), "taken");
}

TEST(CloudEvent, of_a_member_that_comes_twice_the_last_is_read_and_hashed) {
  EXPECT_NE(why_not(replaced(json_of("held"), R"("seq":9)", R"("seq":9,"seq":8)")), "taken");
}

TEST(CloudEvent, a_name_that_is_no_utf8_stops_nobody) {
  ChainedEvent event = event_named("opened");
  event.event.actor = "Andr\xe9";
  event.hash = chain_hash(event.previous, event.sale, event.event);
  const auto back = parse_cloud_event(to_cloud_event(event));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, event);
}

RC_GTEST_PROP(CloudEvent, random_instants_numbers_and_texts_come_back, ()) {
  ChainedEvent event = event_named("held");
  auto& fact = std::get<sale::Accepted>(event.event.fact);
  const auto instant = [] { return from_ns(*rc::gen::inRange<std::int64_t>(0, INT64_MAX / 2)); };
  event.event.at = instant();
  event.event.seq = Seq(*rc::gen::inRange<std::uint64_t>(1, std::uint64_t{1} << 53U));
  event.event.actor = *rc::gen::string<std::string>();
  fact.received = instant();
  fact.expires_at = instant();
  fact.order.arrival = Arrival(*rc::gen::arbitrary<std::uint64_t>());
  fact.order.key.bytes = *rc::gen::arbitrary<std::array<std::uint8_t, 16>>();
  fact.lines.front().price = *rc::gen::arbitrary<std::int64_t>();
  event.hash = chain_hash(event.previous, event.sale, event.event);
  const auto back = parse_cloud_event(to_cloud_event(event));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == event);
}

/// Any byte changed is found, or changes nothing that is read (the members outside of the hash).
RC_GTEST_PROP(CloudEvent, no_changed_byte_changes_the_event_unnoticed, ()) {
  const auto all = every_event();
  const ChainedEvent& event = all.at(*rc::gen::inRange<std::size_t>(0, all.size())).second;
  std::string json = to_cloud_event(event);
  const auto at = *rc::gen::inRange<std::size_t>(0, json.size());
  json[at] = static_cast<char>(*rc::gen::inRange(0x20, 0x7f));
  const auto back = parse_cloud_event(json);
  if (back) RC_ASSERT(back->event == event.event && back->sale == event.sale);
}

}  // namespace
}  // namespace dibs::events
