#include "base/network.h"

#include <gtest/gtest.h>

namespace dibs {
namespace {

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, has_one_value_however_it_is_spelled) {
  EXPECT_EQ(address("192.0.2.1"), address("::ffff:192.0.2.1"));
  EXPECT_EQ(address("2001:db8::1"), address("2001:0DB8:0:0:0:0:0:1"));
  EXPECT_EQ(address("fe80::1%eth0"), address("fe80::1"));
  EXPECT_NE(address("192.0.2.1"), address("::192.0.2.1"));
}

TEST(IpAddress, refuses_what_is_none) {
  for (const auto* text : {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "::g", "1::2::3",
                           "localhost", "1.2.3.4:80", "[::1]", "0x7f.1.1.1"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(LimitedNetwork, is_an_address_of_ipv4_and_the_first_half_of_ipv6) {
  EXPECT_EQ(limited_network(address("192.0.2.1")), address("192.0.2.1"));
  EXPECT_NE(limited_network(address("192.0.2.1")), limited_network(address("192.0.2.2")));
  EXPECT_EQ(limited_network(address("2001:db8:1:2:3:4:5:6")), address("2001:db8:1:2::"));
  EXPECT_EQ(limited_network(address("2001:db8:1:2:ffff::")), address("2001:db8:1:2::"));
  EXPECT_NE(limited_network(address("2001:db8:1:3::1")), address("2001:db8:1:2::"));
}

TEST(Network, holds_what_begins_as_it_does) {
  const auto ten = Network::parse("10.0.0.0/8").value();
  EXPECT_TRUE(ten.contains(address("10.255.0.1")));
  EXPECT_TRUE(ten.contains(address("::ffff:10.1.2.3")));
  EXPECT_FALSE(ten.contains(address("11.0.0.0")));
  EXPECT_FALSE(ten.contains(address("a00::")));
  const auto odd = Network::parse("192.0.2.128/25").value();
  EXPECT_TRUE(odd.contains(address("192.0.2.200")));
  EXPECT_FALSE(odd.contains(address("192.0.2.127")));
  const auto six = Network::parse("2001:db8:8000::/33").value();
  EXPECT_TRUE(six.contains(address("2001:db8:ffff::1")));
  EXPECT_FALSE(six.contains(address("2001:db8:7fff::1")));
  EXPECT_TRUE(Network::parse("0.0.0.0/0").value().contains(address("203.0.113.9")));
  EXPECT_FALSE(Network::parse("0.0.0.0/0").value().contains(address("2001:db8::1")));
  EXPECT_TRUE(Network::parse("::/0").value().contains(address("2001:db8::1")));
  EXPECT_TRUE(Network::parse("127.0.0.1").value().contains(address("127.0.0.1")));
  EXPECT_FALSE(Network::parse("127.0.0.1").value().contains(address("127.0.0.2")));
}

TEST(Network, refuses_what_is_none_and_what_somebody_meant_otherwise) {
  for (const auto* text : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8",
                           "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.1/8", "2001:db8::1/64", "/8",
                           "fe80::1%eth0", "10.0.0.0/8x", "10.0.0.0/99999999999999999999"}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
}

}  // namespace
}  // namespace dibs
