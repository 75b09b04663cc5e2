#include "webhook/target.h"

#include <gtest/gtest.h>

namespace dibs::webhook {
namespace {

TEST(Target, https_may_go_anywhere_and_http_to_this_machine_alone) {
  for (const auto* url : {"https://shop.example", "https://shop.example:8443/hear?a=b",
                          "https://10.0.0.1/", "https://[2001:db8::1]/"}) {
    const auto target = parse_target(url);
    ASSERT_TRUE(target) << url;
    EXPECT_TRUE(target->encrypted);
  }
  for (const auto* url : {"http://localhost", "http://localhost:80/x", "http://127.0.0.1:9/",
                          "http://127.9.9.9/", "http://[::1]:9/hear"}) {
    const auto target = parse_target(url);
    ASSERT_TRUE(target) << url;
    EXPECT_FALSE(target->encrypted);
  }
}

// Each looks to somebody like this machine and is, or may be, another.
TEST(Target, what_only_looks_like_this_machine_is_refused) {
  for (const auto* url :
       {"http://shop.example/", "http://localhost.shop.example/", "http://127.0.0.1.shop.example/",
        "http://127.0.0.1@shop.example/", "http://localhost:80@shop.example/", "http://128.0.0.1/",
        "http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://[::2]/",
        "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://localhost\\@shop.example/",
        "http://LOCALHOST/", "http:///x", "http://localhost:/", "http://localhost:99999/"}) {
    EXPECT_FALSE(parse_target(url)) << url;
  }
}

TEST(Target, other_schemes_and_odd_characters_are_refused) {
  for (const auto* url : {"", "https://", "https:shop.example", "ftp://localhost/", "file:///etc",
                          "https://user:word@shop.example/", "https://shop.example/a b",
                          "https://shop.example/\r\nHost: x", "https://[::1", "https://sh_op/"}) {
    EXPECT_FALSE(parse_target(url)) << url;
  }
  EXPECT_FALSE(parse_target("https://shop.example/" + std::string(2'100, 'a')));
}

}  // namespace
}  // namespace dibs::webhook
