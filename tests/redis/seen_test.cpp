#include "redis/seen.h"

#include <sys/resource.h>

#include <csignal>

#include "redis/store_fixture.h"

/// A gateway whose own disk is full. Planted, and seen: a store that sells although its file could
/// not be written.
namespace dibs::redis {
namespace {

/// Files of this process may not grow beyond `bytes`.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(SeenFile, what_could_not_be_written_is_written_later) {
  const TempDir dir;
  auto file = SeenFile::open(dir.path());
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->note(SaleId("first"), {"epoch", Seq(1)}));
  {
    const SmallFiles small(256);
    EXPECT_FALSE((*file)->note(SaleId("second"), {"epoch", Seq(7)}));
    EXPECT_FALSE((*file)->settle());
    EXPECT_TRUE((*file)->note(SaleId("first"), {"epoch", Seq(2)}));
  }
  EXPECT_TRUE((*file)->settle());
  const auto again = SeenFile::open(dir.path());
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->find(SaleId("second"))->seq, Seq(7));
  EXPECT_EQ((*again)->find(SaleId("first"))->seq, Seq(2));
}

TEST(RedisStore, sells_nothing_while_it_cannot_remember_what_it_has_seen) {
  const RedisServer server(strict_settings());
  const TempDir dir;
  RunningStore store(server, dir.path());
  ASSERT_TRUE(store.started());
  std::optional<OrderId> first;
  {
    const SmallFiles small(100);
    const auto put = store.run(concert_of(10));  // done and answered; from here on nothing is sold
    ASSERT_TRUE(put);
    const auto refused = store.run(seat_for("anna", "key"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, FaultKind::unavailable);
    EXPECT_NE(refused.error().what.find("redis.seen"), std::string::npos) << refused.error().what;
    EXPECT_EQ(store.store().glance(SaleId("concert"))->items.at(0).held, 0);
  }
  const auto sold = store.run(seat_for("anna", "key"));
  ASSERT_TRUE(sold && sold->order);
}

}  // namespace
}  // namespace dibs::redis
