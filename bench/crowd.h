#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sale/command.h"
#include "sale/sale.h"

/// The work of the benchmarks: a sale of one item and buyers of 16 characters who press once, with
/// a key of 22 characters each, as a browser would make it.
namespace dibs::bench {

inline Instant opening() { return from_ns(1'800'000'000'000'000'000); }

inline sale::Put put_of(std::int64_t stock, std::uint64_t line_limit) {
  sale::SaleSpec spec;
  spec.title = "Benchmark";
  spec.currency = "KRW";
  spec.items = {{SkuId("floor"), "Floor", 100, stock}};
  spec.hold_seconds = 86'400;
  spec.line_limit = line_limit;
  return {.spec = std::move(spec), .present = UINT32_MAX};
}

/// A sale that has opened.
inline sale::Sale open_sale(std::int64_t stock, std::uint64_t line_limit) {
  sale::Sale sale(SaleId("benchmark"));
  std::vector<sale::Event> events;
  static_cast<void>(sale.apply({.action = put_of(stock, line_limit)}, opening(), events));
  while (sale.due(opening())) sale.step(opening(), events);
  return sale;
}

/// Scatters numbers over 64 bits (the finisher of MurmurHash3), so that ids look drawn at random.
constexpr std::uint64_t scattered(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15U;
  number = (number ^ (number >> 33U)) * 0xff51afd7ed558ccdU;
  number = (number ^ (number >> 33U)) * 0xc4ceb9fe1a85ec53U;
  return number ^ (number >> 33U);
}

/// Not by printf: at the rates measured here that would be the load's largest part.
inline std::string hex_of(std::uint64_t number) {
  std::string text(16, '0');
  std::uint64_t left = scattered(number);
  for (std::size_t i = text.size(); i-- > 0; left >>= 4U) text[i] = "0123456789abcdef"[left & 15U];
  return text;
}

/// The buy of person `number`, counted from 0, with the order key and arrival that an engine would
/// fill in.
inline sale::Buy buy_of(std::uint64_t number) {
  sale::Buy buy;
  buy.buyer = BuyerId(hex_of(number));
  buy.key = IdempotencyKey("key-of" + hex_of(~number));
  buy.lines = {{SkuId("floor"), 1, 0}};
  for (std::size_t i = 0; i < buy.order.bytes.size(); ++i) {
    buy.order.bytes.at(i) = static_cast<std::uint8_t>(scattered(number * 2 + i / 8) >> (i % 8 * 8));
  }
  buy.arrival = Arrival(number + 1);
  return buy;
}

/// The buys of persons `from` to `from + count - 1`.
inline std::vector<sale::Command> buys_of(std::uint64_t from, std::size_t count) {
  std::vector<sale::Command> commands;
  commands.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    commands.push_back({.action = buy_of(from + i), .actor = {}, .owner = {}});
  }
  return commands;
}

}  // namespace dibs::bench
