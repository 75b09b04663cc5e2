#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Addresses of clients, and the networks they come from.
namespace dibs {

/// An address of either family; one of IPv4 is kept as IPv6 maps it, `::ffff:192.0.2.1`.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  /// Reads `192.0.2.1` or `2001:db8::1`; a scope behind `%` is left out. Nothing when it is
  /// neither.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] bool is_v4() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

/// Its bytes, for tables that are kept by text. Valid as long as `address`.
[[nodiscard]] inline std::string_view as_text(const IpAddress& address) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

/// What a limit counts as one: an IPv4 address by itself, of IPv6 the first 64 bits, since whoever
/// has one such address has them all.
[[nodiscard]] IpAddress limited_network(const IpAddress& address);

/// A range of addresses.
class Network {
 public:
  /// Reads `10.0.0.0/8`, `2001:db8::/32` or one address. Nothing when it is none of them, or when
  /// the address has bits beyond the length: somebody meant something else.
  [[nodiscard]] static std::optional<Network> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& address) const;

 private:
  Network(const IpAddress& first, std::uint32_t bits) : first_(first), bits_(bits) {}

  IpAddress first_;
  std::uint32_t bits_;  ///< that are the same in all of them, of 128
};

}  // namespace dibs

template <>
struct std::hash<dibs::IpAddress> {
  std::size_t operator()(const dibs::IpAddress& address) const noexcept {
    return std::hash<std::string_view>{}(dibs::as_text(address));
  }
};
