#include "load/words.h"

#include <array>
#include <cstdio>

namespace dibs::load {
namespace {

constexpr std::uint32_t kFirstHangulJamo = 0x1100;
constexpr std::uint32_t kFirstCjk = 0x2e80;
constexpr std::uint32_t kLastHangul = 0xd7a3;

[[nodiscard]] bool is_wide(std::uint32_t letter) {
  return (letter >= kFirstHangulJamo && letter < 0x1200) ||
         (letter >= kFirstCjk && letter <= kLastHangul) || (letter >= 0xff00 && letter < 0xff61);
}

}  // namespace

std::string connection_words(const Options& options, Language language) {
  if (options.new_connections) {
    return std::string(pick(language, "one new connection a press", "요청마다 새 연결"));
  }
  if (options.pacing == Pacing::known_order) {
    return std::string(pick(language, "one sender in a known order", "정해진 순서로 한 명씩 전송"));
  }
  return with_commas(options.connections) + std::string(pick(language, " connections", "개 연결"));
}

std::string with_commas(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, 1, ',');
  return out;
}

std::string fixed(double number, int digits) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::size_t columns(std::string_view utf8) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    std::uint32_t letter = size == 1 ? first : first & (0xffU >> (size + 1));
    for (std::size_t k = 1; k < size && i + k < utf8.size(); ++k) {
      letter = (letter << 6U) | (static_cast<unsigned char>(utf8[i + k]) & 0x3fU);
    }
    count += is_wide(letter) ? 2U : 1U;
    i += size;
  }
  return count;
}

std::string left(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string right(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

}  // namespace dibs::load
