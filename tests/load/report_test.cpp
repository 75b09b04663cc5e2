// The reports of a run made by hand.

#include "load/report.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "load/json_writer.h"

namespace dibs::load {
namespace {

namespace json = boost::json;

constexpr std::string_view kHostileTitle = "</script><script>alert(1)</script>{{data}} \"'&<b>";

/// Four buyers for one unit: one left, one bought, one was refused, one waited in vain.
Run small_run() {
  Run run;
  run.options.sale = "rush";
  run.options.buyers = 4;
  run.stock = 1;
  run.sale_before.title = kHostileTitle;
  run.sale_before.sku = "floor";
  run.sale_before.total = 1;
  run.sale_after = run.sale_before;
  const Outcome outcomes[] = {Outcome::entry_failed, Outcome::paid, Outcome::waiting_ended,
                              Outcome::sold_out};
  for (std::uint32_t i = 0; i < 4; ++i) {
    Press press;
    press.buyer = i;
    press.sent_at_ns = i * 1'000'000;
    press.sent_done_ns = press.sent_at_ns + 10'000;
    press.answered_at_ns = press.sent_at_ns + 500'000;
    press.final_at_ns = press.sent_at_ns + 700'000;
    press.outcome = outcomes[i];
    press.arrival = i;
    press.status = 200;
    press.given = outcomes[i] == Outcome::paid;
    run.presses.push_back(press);
  }
  run.presses[1].order = "ord_x.rush";
  run.presses[1].state = "paid";
  run.presses[3].code = "sold_out";
  run.presses[3].status = 409;
  run.answered_ns = {500'000, 1'500'000, 2'500'000, 3'500'000};
  run.stock_curve = {{0, 1, 0, 0, 0}, {1'200'000, 0, 1, 0, 1}, {1'700'000, 0, 0, 1, 0}};
  run.usage_curves.server.samples = {{0, 1.0, 20}, {2'000'000, 1.002, 22}, {4'000'000, 1.003, 21}};
  run.machine.memory_mib = 1'000;
  summarise(run, std::nullopt);
  return run;
}

std::vector<std::string> member_names(const json::object& object) {
  std::vector<std::string> out;
  for (const auto& [name, value] : object) out.emplace_back(name);
  return out;
}

TEST(ReportJson, HasEveryMemberThatTheApiNames) {
  const json::object object = json::parse(to_json(small_run())).as_object();
  for (const char* name :
       {"strategy", "requests", "stock", "seconds_total", "tps", "latency_ms", "latency_final_ms",
        "latency_corrected_ms", "outcomes", "fairness", "oversold", "resources"}) {
    EXPECT_TRUE(object.contains(name)) << name;
  }
  const std::vector<std::string> latency = {"mean", "p50", "p90", "p99", "p999", "p9999", "max"};
  for (const char* name : {"latency_ms", "latency_final_ms", "latency_corrected_ms"}) {
    EXPECT_EQ(member_names(object.at(name).as_object()), latency) << name;
  }
  const std::vector<std::string> outcomes = {
      "entry_failed", "lock_failed", "sold_out",  "waiting_ended", "payment_failed", "paid",
      "stranded",     "wrong_buyer", "cancelled", "refused_early", "error"};
  EXPECT_EQ(member_names(object.at("outcomes").as_object()), outcomes);
  for (const char* name : {"first_come_accuracy", "inversions", "max_gap_ms", "max_overtake",
                           "last_winner_rank", "eligible"}) {
    EXPECT_TRUE(object.at("fairness").as_object().contains(name)) << name;
  }
  const json::object& resources = object.at("resources").as_object();
  for (const std::string who : {"server", "redis", "tool"}) {
    for (const char* what : {"_cpu_seconds", "_cpu_percent", "_rss_mib", "_rss_share_percent"}) {
      EXPECT_TRUE(resources.contains(who + what)) << who << what;
    }
  }
  EXPECT_EQ(member_names(resources.at("server_cpu_percent").as_object()),
            (std::vector<std::string>{"mean", "peak"}));
}

TEST(ReportJson, RequestsAreTheSumOfTheOutcomes) {
  const json::object object = json::parse(to_json(small_run())).as_object();
  std::int64_t sum = 0;
  for (const auto& [name, count] : object.at("outcomes").as_object()) sum += count.as_int64();
  EXPECT_EQ(object.at("requests").as_int64(), sum);
  EXPECT_EQ(sum, 4);
}

TEST(ReportJson, GivesTheFiguresOfTheRun) {
  const json::object object = json::parse(to_json(small_run())).as_object();
  EXPECT_DOUBLE_EQ(object.at("seconds_total").to_number<double>(), 0.0037);
  EXPECT_NEAR(object.at("tps").to_number<double>(), 4 / 0.0037, 0.001);
  EXPECT_DOUBLE_EQ(object.at("latency_ms").at("p50").to_number<double>(), 0.5);
  EXPECT_DOUBLE_EQ(object.at("latency_final_ms").at("max").to_number<double>(), 0.7);
  EXPECT_EQ(object.at("fairness").at("last_winner_rank").as_int64(), 2);
  EXPECT_NEAR(object.at("resources").at("server_cpu_seconds").to_number<double>(), 0.00285, 1e-9);
  EXPECT_DOUBLE_EQ(object.at("resources").at("server_rss_share_percent").to_number<double>(), 2.2);
}

TEST(ReportJson, WhatIsNotKnownIsNull) {
  auto run = small_run();
  run.presses[3].answered_at_ns = kNever;
  summarise(run, std::nullopt);
  const json::object object = json::parse(to_json(run)).as_object();
  EXPECT_TRUE(object.at("tps").is_null());
  const json::object& redis =
      object.at("resources").as_object().at("redis_cpu_percent").as_object();
  EXPECT_TRUE(redis.at("mean").is_null());
  EXPECT_TRUE(redis.at("peak").is_null());
}

TEST(ReportCsv, HasOneRowABuyerUnderTheAgreedColumns) {
  EXPECT_EQ(to_csv(small_run()),
            "press,buyer,sent_at_ns,sent_done_ns,answered_at_ns,final_at_ns,status,code,arrival,"
            "order,final_state\n"
            "1,b-1,0,10000,500000,700000,200,,,,entry_failed\n"
            "2,b-2,1000000,1010000,1500000,1700000,200,,1,ord_x.rush,paid\n"
            "3,b-3,2000000,2010000,2500000,2700000,200,,2,,waiting_ended\n"
            "4,b-4,3000000,3010000,3500000,3700000,409,sold_out,3,,sold_out\n");
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(ReportHtml, LoadsNothingFromElsewhere) {
  const std::string html = to_html(small_run());
  for (const char* way :
       {"src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "import("}) {
    EXPECT_EQ(html.find(way), std::string::npos) << way;
  }
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  // What is left of addresses are the two in the comments of Chart.js.
  EXPECT_EQ(count_of(html, "://"), 2U);
}

TEST(ReportHtml, EscapesAHostileTitle) {
  const std::string html = to_html(small_run());
  EXPECT_EQ(html.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_EQ(count_of(html, "</script>"), 3U) << "the data, Chart.js and the script of the report";
  EXPECT_EQ(count_of(html, R"(type="application/json")"), 1U);
}

TEST(ReportHtml, HoldsItsDataAsOneJsonBlock) {
  const std::string html = to_html(small_run(), Language::korean);
  const std::string_view mark = R"(<script id="data" type="application/json">)";
  const auto begin = html.find(mark) + mark.size();
  const auto data = json::parse(html.substr(begin, html.find("</script>", begin) - begin));
  EXPECT_EQ(data.at("title").as_string(), kHostileTitle);
  EXPECT_EQ(data.at("language").as_string(), "ko");
  EXPECT_EQ(data.at("scatter").at("press").as_array().size(), 4U);
  EXPECT_EQ(data.at("strip").as_array().size(), 4U);
}

TEST(ReportTable, SpeaksBothLanguages) {
  const auto run = small_run();
  EXPECT_NE(table(run).find("All promises held: 1 of 1 units sold"), std::string::npos);
  EXPECT_NE(table(run).find("Out of stock"), std::string::npos);
  EXPECT_NE(table(run, Language::korean).find("재고 없음"), std::string::npos);
  EXPECT_NE(table(run, Language::korean).find("모든 약속이 지켜졌습니다"), std::string::npos);
}

TEST(ReportVerdict, NamesWhatTheCallerFoundAndWhatIsInvalid) {
  auto run = small_run();
  EXPECT_EQ(exit_status(run), 0);
  run.invalid_because.push_back({"Connections were dropped.", "연결이 버려졌습니다."});
  EXPECT_EQ(exit_status(run), 1);
  EXPECT_NE(table(run).find("INVALID RUN: Connections were dropped."), std::string::npos);
  run.invalid_because.clear();
  run.broken_elsewhere.push_back({"Audit: a unit is missing.", "감사: 한 개가 없습니다."});
  EXPECT_EQ(exit_status(run), 1);
  EXPECT_EQ(verdict(run), std::vector<std::string>{"Audit: a unit is missing."});
  EXPECT_EQ(verdict(run, Language::korean), std::vector<std::string>{"감사: 한 개가 없습니다."});
}

TEST(ReportVerdict, SaysWhoGotTheUnits) {
  auto run = small_run();
  EXPECT_EQ(all_held(run, Language::english),
            "All promises held: 1 of 1 units sold, to the first 1 eligible buyers.");
  run.stock = 5;
  run.presses[2].outcome = run.presses[3].outcome = Outcome::entry_failed;
  summarise(run, std::nullopt);
  EXPECT_EQ(all_held(run, Language::english),
            "All promises held: 1 of 5 units sold, and every eligible buyer got one.");
  run.presses[1].outcome = Outcome::payment_failed;
  summarise(run, std::nullopt);
  EXPECT_EQ(all_held(run, Language::english), "All promises held: 0 of 5 units sold.");
}

TEST(ReportVerdict, TellsTheFateOfAPress) {
  const auto run = small_run();
  EXPECT_EQ(fate(run, 2), "Press number 2 (b-2): Bought, arrival 1.");
  EXPECT_EQ(fate(run, 4), "Press number 4 (b-4): Out of stock, arrival 3.");
  EXPECT_EQ(fate(run, 5), "There was no press number 5.");
}

TEST(JsonWriter, WritesWhatReadsBackTheSame) {
  JsonWriter writer(JsonWriter::Style::compact);
  writer.begin_object().member("a", 0.1).member("b", "x\n\"\\\x01<").key("c").begin_array();
  writer.value(std::uint64_t{1}).value(true).null().end_array();
  writer.member("d", std::numeric_limits<double>::infinity()).end_object();
  EXPECT_EQ(writer.take(), R"({"a":0.1,"b":"x\u000a\"\\\u0001\u003c","c":[1,true,null],"d":null})");
}

}  // namespace
}  // namespace dibs::load
