// Server-sent events: what is told, and how a stream goes on where it was cut.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <thread>

#include "api/harness.h"
#include "api/sse.h"

namespace dibs::api::test {
namespace {

class StreamsTest : public ::testing::Test {
 protected:
  Harness server_;

  std::unique_ptr<Client> open(const std::string& path, const Headers& headers = {}) {
    auto client = std::make_unique<Client>(server_.address());
    const auto head = client->call("GET", path, headers);
    EXPECT_EQ(head.status, 200) << head.body;
    EXPECT_EQ(head.header("Content-Type"), "text/event-stream");
    return client;
  }
  std::unique_ptr<Client> follow(const std::string& sale, const std::string& last = {}) {
    return open("/v1/sales/" + sale + "/events",
                last.empty() ? Headers{} : Headers{{"Last-Event-ID", last}});
  }
  /// The next event of that name.
  http::ServerEvent next(Client& client, const std::string& name) {
    while (auto event = client.event()) {
      if (event->event == name) return *event;
    }
    ADD_FAILURE() << "the stream ended before a " << name;
    return {};
  }
  /// The events up to the one whose data holds `part`, that one included.
  std::vector<http::ServerEvent> until(Client& client, const std::string& part) {
    std::vector<http::ServerEvent> events;
    while (auto event = client.event()) {
      events.push_back(*event);
      if (event->data.find(part) != std::string::npos) return events;
    }
    ADD_FAILURE() << "the stream ended before " << part;
    return events;
  }
  void expect_head(const std::string& path, const std::string& buyer, int status) {
    EXPECT_EQ(server_.call("HEAD", path, as_buyer(buyer)).status, status) << path << " " << buyer;
  }
  Reply leave(const std::string& order, const std::string& buyer) {
    return server_.call("DELETE", "/v1/orders/" + order, as_buyer(buyer));
  }
};

TEST_F(StreamsTest, ANewStreamBeginsWithTheWholeState) {
  const auto sale = server_.sale("", 2);
  server_.buy(sale, "a");
  const auto client = follow(sale);
  const auto stock = *client->event();
  EXPECT_EQ(stock.event, "stock");
  EXPECT_EQ(stock.data, R"({"sku":"floor","available":1,"held":1,"sold":0})");
  const auto line = *client->event();
  EXPECT_EQ(line.event, "line");
  EXPECT_EQ(line.data, R"({"sku":"floor","head":null,"waiting":0})");
  const auto state = *client->event();
  EXPECT_EQ(state.event, "state");
  EXPECT_TRUE(state.data.starts_with(R"({"state":"open","sold_out":false,"opens_at":")"));
  EXPECT_FALSE(stock.id.empty() || line.id.empty() || state.id.empty());
}

TEST_F(StreamsTest, ChangesAreToldAsTheyBecomeDurable) {
  const auto sale = server_.sale("", 1);
  const auto client = follow(sale);
  next(*client, "state");
  const auto order = server_.buy(sale, "a")["id"];
  EXPECT_EQ(next(*client, "stock").data, R"({"sku":"floor","available":0,"held":1,"sold":0})");
  server_.buy(sale, "b");
  EXPECT_EQ(next(*client, "line").data, R"({"sku":"floor","head":1,"waiting":1})");
  server_.call("POST", "/v1/sales/" + sale + "/pause", as_operator());
  EXPECT_NE(next(*client, "state").data.find("paused"), std::string::npos);
  server_.call("POST", "/v1/sales/" + sale + "/close", as_operator());
  EXPECT_NE(next(*client, "state").data.find("closed"), std::string::npos);
}

TEST_F(StreamsTest, AStreamGoesOnExactlyWhereItWasCut) {
  const auto sale = server_.sale(R"("limit_per_buyer":100)", 100);
  auto client = follow(sale);
  const auto whole = next(*client, "state");
  server_.buy(sale, "a");
  const auto first = next(*client, "stock");
  client.reset();  // cut
  server_.buy(sale, "b");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  server_.buy(sale, "c");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));

  client = follow(sale, first.id);
  EXPECT_EQ(client->event()->data, R"({"sku":"floor","available":98,"held":2,"sold":0})");
  EXPECT_EQ(client->event()->data, R"({"sku":"floor","available":97,"held":3,"sold":0})");
  server_.buy(sale, "d");
  const auto last = *client->event();
  EXPECT_EQ(last.data, R"({"sku":"floor","available":96,"held":4,"sold":0})");

  client = follow(sale, last.id);  // nothing was missed
  server_.buy(sale, "e");
  EXPECT_EQ(client->event()->data, R"({"sku":"floor","available":95,"held":5,"sold":0})");

  client = follow(sale, whole.id);
  EXPECT_EQ(client->event()->data, first.data) << "the id of a whole state can be resumed too";
}

TEST_F(StreamsTest, AResumePointThatIsNotKeptGetsTheWholeState) {
  const auto sale = server_.sale();
  server_.buy(sale, "a");
  std::string cut_short;
  {
    const auto client = follow(sale);
    cut_short = client->event()->id;  // the first of a whole state, the rest never came
  }
  for (const auto& id :
       {std::string("1-0"), std::string("999-1"), std::string("rubbish"), cut_short}) {
    const auto client = follow(sale, id);
    EXPECT_EQ(client->event()->event, "stock") << id;
    EXPECT_EQ(client->event()->event, "line") << id;
    EXPECT_EQ(client->event()->event, "state") << id;
  }
}

TEST_F(StreamsTest, WhereStockIsHiddenNoFigureOfItIsTold) {
  const auto sale = server_.sale(R"("public_stock":"hidden")", 1);
  const auto client = follow(sale);
  server_.buy(sale, "a");
  server_.buy(sale, "b");
  for (const auto& event : until(*client, R"("waiting":1)")) {
    EXPECT_NE(event.event, "stock");
    EXPECT_EQ(event.data.find("available"), std::string::npos);
  }
}

TEST_F(StreamsTest, TheStateOfATestSaleSaysSo) {
  EXPECT_NE(next(*follow(server_.sale(R"("test":true)")), "state").data.find(R"("test":true)"),
            std::string::npos);
  EXPECT_EQ(next(*follow(server_.sale()), "state").data.find("test"), std::string::npos);
}

TEST_F(StreamsTest, ManyStreamsHearTheSameAndOneThatGoesHoldsUpNobody) {
  const auto sale = server_.sale("", 1'000);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(follow(sale));
  for (auto& client : clients) next(*client, "state");
  clients.resize(20);  // half of them go
  for (int i = 0; i < 50; ++i) server_.buy(sale, "b" + std::to_string(i));
  for (auto& client : clients) until(*client, R"("held":50)");
}

TEST_F(StreamsTest, AnOrdersStreamTellsItsStatePositionAndItsSalesLine) {
  const auto sale = server_.sale("", 1);
  const auto first = server_.buy(sale, "a")["id"];
  const auto second = server_.buy(sale, "b")["id"];
  const auto third = server_.buy(sale, "c");
  const auto client = open("/v1/orders/" + third["id"] + "/events", as_buyer("c"));
  const auto begin = next(*client, "order");
  EXPECT_EQ(begin.data, third.body);
  leave(second, "b");
  EXPECT_NE(next(*client, "order").data.find(R"("position":1)"), std::string::npos);
  leave(first, "a");
  const auto held = next(*client, "order");
  EXPECT_NE(held.data.find(R"("state":"held")"), std::string::npos) << held.data;
  EXPECT_NE(next(*client, "line").data.find(R"("waiting":0)"), std::string::npos);

  const auto again =
      open("/v1/orders/" + third["id"] + "/events", with(as_buyer("c"), "Last-Event-ID", held.id));
  EXPECT_EQ(next(*again, "order").data, held.data) << "every stream begins with the order";
}

TEST_F(StreamsTest, StreamsOfWhatIsNotThereAreRefused) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a")["id"];
  expect_problem(server_.call("GET", "/v1/sales/nowhere/events"), 404, "unknown_sale");
  expect_problem(server_.call("GET", "/v1/sales/nowhere/live", as_operator()), 404, "unknown_sale");
  const std::string none = "/v1/orders/ord_aaaaaaaaaaaaaaaaaaaaaaaaaa.";
  expect_problem(server_.call("GET", none + sale + "/events", as_buyer("a")), 404, "unknown_order");
  expect_problem(server_.call("GET", none + "nowhere/events", as_buyer("a")), 404, "unknown_order");
  expect_problem(server_.call("GET", "/v1/orders/" + order + "/events", as_buyer("b")), 404,
                 "unknown_order");
  expect_head(none + sale + "/events", "a", 404);
  expect_head("/v1/orders/" + order + "/events", "b", 404);
  expect_head("/v1/orders/" + order + "/events", "a", 200);
  for (const auto& path : {"/v1/sales/" + sale + "/events", "/v1/sales/" + sale + "/live"}) {
    const auto head = server_.call("HEAD", path, as_operator());
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Type"), "text/event-stream");
  }
}

TEST_F(StreamsTest, TheOperatorsFiguresComeOnceASecond) {
  const auto sale = server_.sale(R"("public_stock":"hidden")");
  const auto client = open("/v1/sales/" + sale + "/live", as_operator());
  const auto first = *client->event();
  const auto before = system_clock().monotonic();
  server_.buy(sale, "a");
  const auto second = *client->event();
  EXPECT_GT(system_clock().monotonic() - before, std::chrono::milliseconds(500));
  EXPECT_EQ(first.event, "live");
  EXPECT_NE(first.id, second.id);
  const auto data = boost::json::parse(second.data).as_object();
  EXPECT_EQ(data.at("sale").as_object().at("items").as_array()[0].as_object().at("held"), 1);
  EXPECT_TRUE(data.at("stats").as_object().contains("dibs_engine_commits_total"));
  EXPECT_TRUE(data.at("answers").as_object().contains("sold_out"));
}

TEST_F(StreamsTest, RemovingASaleEndsItsStreamsAndOneOfTheSameIdStartsAnew) {
  const auto put = [this] {
    return server_.call("PUT", "/v1/sales/again", as_operator(),
                        R"({"title":"T","currency":"KRW","test":true,"items":[)"
                        R"({"sku":"floor","title":"F","price":1,"stock":5}]})");
  };
  EXPECT_EQ(put().status, 201);
  for (int i = 0; i < 3; ++i) server_.buy("again", "b" + std::to_string(i));
  const auto client = follow("again");
  next(*client, "state");
  EXPECT_EQ(server_.call("DELETE", "/v1/sales/again", as_operator()).status, 204);
  while (client->event()) {
  }
  EXPECT_EQ(put().status, 201);
  const auto anew = follow("again");
  EXPECT_EQ(anew->event()->data, R"({"sku":"floor","available":5,"held":0,"sold":0})");
  server_.buy("again", "x");
  EXPECT_EQ(next(*anew, "stock").data, R"({"sku":"floor","available":4,"held":1,"sold":0})");
}

TEST_F(StreamsTest, AStoppingServerEndsItsStreams) {
  const auto sale = server_.sale();
  const auto order = server_.buy(sale, "a")["id"];
  const auto of_sale = follow(sale);
  const auto of_order = open("/v1/orders/" + order + "/events", as_buyer("a"));
  const auto live = open("/v1/sales/" + sale + "/live", as_operator());
  server_.api().stop();
  for (const auto& client : {of_sale.get(), of_order.get(), live.get()}) {
    while (client->event()) {
    }
  }
}

// The ring by itself: what a client that resumes anywhere gets is what it missed, no more, no less.
TEST(FeedTest, ALineThatFilledAndEndedBetweenTwoLooksIsTold) {
  auto spec = std::make_shared<sale::SaleSpec>();
  spec->items = {{SkuId("a"), "A", 1, 1}};
  const auto view = [&](std::uint64_t seq, std::uint64_t places_given) {
    auto made = std::make_shared<sale::SaleView>();
    made->spec = spec;
    made->seq = Seq(seq);
    made->items.emplace_back().places_given = places_given;
    return made;
  };
  Feed feed(view(1, 0));
  const auto ended = feed.advance(view(9, 3), Instant{});
  ASSERT_EQ(ended.events.size(), 1U);
  EXPECT_NE(ended.events.front()->find(R"({"sku":"a","head":null,"waiting":0})"),
            std::string::npos);
  EXPECT_TRUE(ended.line_moved);
  EXPECT_TRUE(feed.advance(view(10, 3), Instant{}).events.empty()) << "and only once";
}

TEST(FeedTest, FromEveryResumePointTheRestIsTheRest) {
  auto spec = std::make_shared<sale::SaleSpec>();
  spec->items = {{SkuId("a"), "A", 1, 5'000}};
  const auto view = [&](std::uint64_t seq) {
    auto made = std::make_shared<sale::SaleView>();
    made->id = SaleId("s");
    made->spec = spec;
    made->seq = Seq(seq);
    made->state = sale::SaleState::open;
    auto& item = made->items.emplace_back();
    item.total = 5'000;
    item.held = static_cast<std::int64_t>(seq);
    item.available = item.total - item.held;
    return made;
  };
  const auto id_of = [](const Buffer& event) {
    const auto at = event->find("id: ") + 4;
    return parse_stream_id(event->substr(at, event->find('\n', at) - at));
  };
  Feed feed(view(1));
  std::vector<Buffer> told;
  for (std::uint64_t seq = 2; seq < 4'900; seq += 1 + seq % 3) {
    const auto change = feed.advance(view(seq), Instant{});
    told.insert(told.end(), change.events.begin(), change.events.end());
  }
  ASSERT_GT(told.size(), Feed::kRing);
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto rest = feed.since(id_of(told[i]), Instant{});
    const std::vector<Buffer> missed(told.begin() + static_cast<std::ptrdiff_t>(i) + 1, told.end());
    if (told.size() - i <= Feed::kRing + 1) {
      EXPECT_EQ(rest, missed) << i;
    } else {
      EXPECT_EQ(rest.size(), 3U) << "the whole state for one who has missed too much";
    }
  }
  EXPECT_TRUE(feed.advance(view(2), Instant{}).events.empty()) << "a view never goes back";
}

}  // namespace
}  // namespace dibs::api::test
