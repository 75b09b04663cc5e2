#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "redis/call.h"
#include "redis/redis_server.h"

namespace dibs::redis {

/// One caller of the functions in a test: knows how far it is, and calls with one command or many.
class Gateway {
 public:
  /// Calls the functions of `library`, which must outlive it.
  Gateway(const RedisServer& server, std::string sale, const Library& library = Library::built_in())
      : library_(library), connection_(server.connect()) {
    context_.sale = SaleId(std::move(sale));
    context_.fresh_epoch = "epoch-of-" + context_.sale.value();
    connection_.text({"FUNCTION", "LOAD", library_.text()});
  }

  [[nodiscard]] BatchContext& context() { return context_; }
  [[nodiscard]] Connection& connection() { return connection_; }

  /// The reply as it is, what this gateway knows unchanged.
  Result<BatchResult> try_all(const std::vector<sale::Command>& commands) {
    std::vector<const sale::Command*> pointers;
    for (const sale::Command& command : commands) pointers.push_back(&command);
    const Reply reply = connection_.call(words_of(library_, context_, pointers));
    return parse(*reply, context_.known, commands.size());
  }

  /// Must be carried out.
  BatchResult all(const std::vector<sale::Command>& commands) {
    auto result = try_all(commands);
    if (!result) {
      ADD_FAILURE() << result.error().what;
      return {};
    }
    EXPECT_FALSE(result->fenced) << result->why_fenced;
    context_.epoch = result->epoch;
    context_.known = context_.min_seq = result->seq;
    return *std::move(result);
  }
  Applied one(sale::Command::Action action) {
    auto result = all({{.action = std::move(action)}});
    return result.results.empty() ? Applied() : std::move(result.results.front());
  }

  /// A press for one unit; order keys are numbered.
  sale::Buy press(const std::string& buyer, const std::string& sku = "jacket") {
    sale::Buy buy;
    buy.buyer = BuyerId(buyer);
    buy.lines = {{SkuId(sku), 1, 0}};
    ++pressed_;
    for (unsigned i = 0; i < 8; ++i) {
      buy.order.bytes.at(i) = static_cast<std::uint8_t>(pressed_ >> 8 * i);
    }
    return buy;
  }

  /// Every key of the sale with its DUMP, to see whether anything has changed.
  std::vector<std::string> everything() {
    std::vector<std::string> dumps;
    for (const std::string& key : keys_of(context_.sale)) {
      dumps.push_back(connection_.text({"DUMP", key}));
    }
    return dumps;
  }

 private:
  const Library& library_;
  Connection connection_;
  BatchContext context_;
  std::uint64_t pressed_ = 0;
};

/// A sale of one SKU, open at once.
inline sale::Put put_of(std::int64_t stock) {
  sale::Put put;
  put.spec.title = "jackets";
  put.spec.currency = "KRW";
  put.spec.items = {{SkuId("jacket"), "", 1'000, stock}};
  return put;
}

}  // namespace dibs::redis
