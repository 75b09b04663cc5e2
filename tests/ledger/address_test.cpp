#include "ledger/address.h"

#include <gtest/gtest.h>

#include "ledger/applier.h"

namespace dibs::ledger {
namespace {

TEST(AddressTest, IsShownWithoutUserPasswordAndOptions) {
  const auto postgresql =
      parse_address("postgresql://me:hush@db.example:5433/shop?sslmode=require");
  ASSERT_TRUE(postgresql);
  EXPECT_EQ(postgresql->shown, "postgresql://db.example:5433/shop");
  EXPECT_EQ(postgresql->dialect, Dialect::postgresql);
  const auto mysql = parse_address("mysql://me:hu'sh@db.example/shop?socket=%2Frun%2Fdb");
  ASSERT_TRUE(mysql);
  EXPECT_EQ(mysql->shown, "mysql://db.example/shop");
  EXPECT_EQ(mysql->connect,
            "dbname='shop' user='me' password=\"hu'sh\" unix_socket='/run/db' host='db.example' "
            "charset='utf8mb4' ");
  const auto file = parse_address("sqlite:/var/lib/dibs/ledger.db");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->shown, "sqlite:/var/lib/dibs/ledger.db");
}

TEST(AddressTest, SaysWhatIsWrongWithoutThePassword) {
  for (const char* url : {"", "ledger.db", "oracle://me:hush@host/db", "mysql://me:hush@host",
                          "mysql://me:hush@host/db?tls=1", "sqlite:", "mysql://me:'hush%22@host/db",
                          "postgresql://me:hush @host/db"}) {
    const auto address = parse_address(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().kind, FaultKind::bad_input) << url;
    EXPECT_FALSE((address.error().what + address.error().remedy).contains("hush")) << url;
  }
}

TEST(AddressTest, ADatabaseThatIsAwayIsNamedWithoutItsPassword) {
  for (const char* url : {"postgresql://me:hush@127.0.0.1:1/db", "mysql://me:hush@127.0.0.1:1/db",
                          "sqlite:/no/such/directory/ledger.db"}) {
    Applier applier(*parse_address(url));
    const auto opened = applier.open();
    ASSERT_FALSE(opened) << url;
    EXPECT_EQ(opened.error().kind, FaultKind::unavailable) << url;
    EXPECT_FALSE(opened.error().what.contains("hush")) << opened.error().what;
  }
}

}  // namespace
}  // namespace dibs::ledger
