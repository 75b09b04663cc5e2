#include "engine/fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <sstream>

#include "engine/layout.h"

namespace dibs::engine {
namespace {

constexpr std::size_t kLineBytes = 32;
constexpr std::string_view kDigits = "0123456789abcdef";

bool is_zero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == '\0'; });
}

/// The records, and of the reserved zeros behind them no more than one sector.
std::string_view without_reserve(std::string_view bytes) {
  const std::size_t last = bytes.find_last_not_of('\0');
  const std::size_t used = last == std::string_view::npos ? 0 : last / kSector + 1;
  return bytes.substr(0, (used + 1) * kSector);
}

void pack_file(std::string_view name, std::string_view bytes, std::string& text) {
  text += "file " + std::string(name) + " " + std::to_string(bytes.size()) + "\n";
  for (std::size_t at = 0; at < bytes.size(); at += kLineBytes) {
    const std::string_view piece = bytes.substr(at, kLineBytes);
    if (is_zero(piece)) continue;
    text += std::to_string(at) + " ";
    for (const char c : piece) {
      const auto byte = static_cast<unsigned char>(c);
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
    text += '\n';
  }
}

std::string unhex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::string words_of(const sale::OrderView& order) {
  std::string words = "  arrival " + std::to_string(order.arrival.value()) + ": " +
                      to_text(order.id) + " of " + order.buyer.value() + ", " +
                      std::string(sale::to_text(order.state));
  if (order.reason != sale::Reason::none) {
    words += " (" + std::string(sale::to_text(order.reason)) + ")";
  }
  words += ", money " + std::string(sale::to_text(order.money));
  for (const sale::OrderLine& line : order.lines) {
    words += ", " + std::to_string(line.quantity) + " x " + line.sku.value() + " at " +
             std::to_string(line.price);
  }
  if (order.expires_at) words += ", until " + to_rfc3339(*order.expires_at);
  if (order.position) words += ", position " + std::to_string(*order.position);
  return words + ", seq " + std::to_string(order.seq.value()) + "\n";
}

std::string words_of(const SaleSlot& slot) {
  const sale::SaleView view = slot.sale.view();
  std::ostringstream words;
  words << "sale " << slot.id.value() << ": "
        << (slot.sale.exists()     ? sale::to_text(view.state)
            : slot.sale.archived() ? "archived"
                                   : "removed")
        << ", seq " << view.seq.value() << ", last arrival " << slot.last.value() << ", reserved "
        << slot.reserved.value() << ", state hash " << std::hex << slot.sale.state_hash() << '\n';
  return words.str();
}

}  // namespace

std::string packed_fixture(MemoryDisk& disk, const std::string& dir) {
  std::string text;
  for (const std::string& path : disk.paths()) {
    const std::string name = path.substr(dir.size() + 1);
    const std::string bytes = disk.read(path);
    const bool segment = name.starts_with("journal-") && path != next_segment_path(dir);
    if (segment) pack_file(name, without_reserve(bytes), text);
    const bool whole = name.starts_with("snapshot-") || name.starts_with("archive-");
    if (path == mark_path(dir) || whole) pack_file(name, bytes, text);
  }
  return text;
}

void unpack_fixture(std::string_view text, Disk& disk, const std::string& dir) {
  std::istringstream lines{std::string(text)};
  std::unique_ptr<File> file;
  std::string first;
  std::string second;
  while (lines >> first >> second) {
    if (first == "file") {
      std::uint64_t size = 0;
      lines >> size;
      auto created = disk.open(path_in(dir, second), Disk::Mode::create);
      ASSERT_TRUE(created.has_value()) << to_text(created.error());
      file = std::move(*created);
      ASSERT_TRUE(file->allocate(0, size).has_value());
    } else {
      ASSERT_TRUE(write_all(*file, std::stoull(first), unhex(second)).has_value());
    }
    ASSERT_TRUE(file->sync().has_value());
  }
  ASSERT_TRUE(disk.sync_directory(dir).has_value());
}

std::string described(const Recovered& recovered) {
  std::string text = "last position " + std::to_string(recovered.last.position.value()) +
                     ", hash " + short_hex(recovered.last.hash) + ", epoch " +
                     std::to_string(recovered.last.epoch) +
                     (recovered.sales.clean_end() ? ", ended in order" : ", cut") +
                     (recovered.torn ? ", an incomplete commit dropped\n" : "\n");
  recovered.sales.each([&](const SaleSlot& slot) {
    text += words_of(slot);
    for (const sale::OrderView& order : slot.sale.orders({})) text += words_of(order);
  });
  return text;
}

}  // namespace dibs::engine
