#include "base/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace dibs {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::uint32_t kMappedBits = kMapped.size() * 8;
constexpr std::uint32_t kAllBits = 128;

/// `address` with everything behind its first `bits` zero.
IpAddress front_of(IpAddress address, std::uint32_t bits) {
  for (std::uint32_t i = 0; i < address.bytes.size(); ++i) {
    const std::uint32_t kept = std::clamp(bits, i * 8, i * 8 + 8) - i * 8;
    address.bytes.at(i) &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return address;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text.substr(0, text.find('%')));
  IpAddress address;
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  std::ranges::copy(kMapped, address.bytes.begin());
  if (::inet_pton(AF_INET, terminated.c_str(), &address.bytes.at(kMapped.size())) == 1) {
    return address;
  }
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

IpAddress limited_network(const IpAddress& address) {
  return address.is_v4() ? address : front_of(address, 64);
}

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address || text.contains('%')) return std::nullopt;
  if (slash == std::string_view::npos) return Network(*address, kAllBits);
  const bool short_form = text.substr(0, slash).find(':') == std::string_view::npos;
  const std::string_view length = text.substr(slash + 1);
  std::uint32_t bits = 0;
  const auto read = std::from_chars(length.data(), length.data() + length.size(), bits);
  const bool whole = read.ec == std::errc() && read.ptr == length.data() + length.size();
  if (!whole || bits > (short_form ? kAllBits - kMappedBits : kAllBits)) return std::nullopt;
  if (short_form) bits += kMappedBits;
  if (front_of(*address, bits) != *address) return std::nullopt;
  return Network(*address, bits);
}

bool Network::contains(const IpAddress& address) const {
  return front_of(address, bits_) == first_;
}

}  // namespace dibs
