#include "engine/fixture_history.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "engine/archive.h"
#include "engine/layout.h"
#include "engine/manual_clock.h"
#include "engine/recovery.h"
#include "engine/running_engine.h"
#include "engine/snapshot.h"

namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

/// An engine on a disk in memory, with short words for what the histories do.
class Stage {
 public:
  Stage(const ManualClock& clock, MemoryDisk& disk)
      : running_(small_options(kFixtureDir), clock, disk) {
    EXPECT_TRUE(running_.opened()) << running_.refusal().what;
  }

  OrderKey buy(const std::string& buyer, std::uint32_t quantity = 1) {
    const auto outcome = running_.run(buy_of(buyer, "key-" + buyer, quantity));
    EXPECT_TRUE(outcome.has_value());
    return outcome && outcome->order ? outcome->order->id.key : OrderKey{};
  }
  void run(sale::Command::Action action, const std::string& sale = "concert") {
    const auto outcome = running_.run(std::move(action), sale);
    EXPECT_TRUE(outcome.has_value() && outcome->code == sale::Code::ok);
  }
  void refused(const std::string& buyer, sale::Code code) {
    const auto outcome = running_.run(buy_of(buyer));
    EXPECT_TRUE(outcome.has_value() && outcome->code == code);
  }

 private:
  RunningEngine running_;
};

sale::Put put_with_line(std::int64_t stock) {
  sale::Put put = put_of(stock, 4);
  put.spec.payment = sale::PaymentMode::provider;
  put.spec.payment_attempts = 2;
  put.spec.line_limit = 2;
  put.spec.items.push_back({SkuId("balcony"), "Balcony", 50, 3});
  return put;
}

/// Before the opening, a rush that fills the line, payments that fail and succeed.
OrderKey first_epoch(ManualClock& clock, MemoryDisk& disk) {
  Stage stage(clock, disk);
  sale::Put put = put_with_line(2);
  put.spec.opens_at = clock.now() + 1s;
  stage.run(put);
  put.spec.title = "Concert, second night";
  stage.run(sale::Put{put.spec, sale::Put::kTitle});
  stage.refused("early", sale::Code::not_open);
  clock.advance(1s);
  const OrderKey anna = stage.buy("anna");
  const OrderKey ben = stage.buy("ben");
  stage.buy("cleo");
  stage.buy("dora");
  stage.refused("emil", sale::Code::sold_out);
  stage.run(sale::BeginPayment{anna});
  stage.run(sale::PaymentFailed{anna});
  stage.run(sale::BeginPayment{anna});
  stage.run(sale::PaymentSucceeded{anna, false});
  stage.run(sale::CaptureSettled{anna, true});
  stage.run(sale::Cancel{ben});
  clock.advance(2s);
  sale::Put rehearsal = put_of(1);
  rehearsal.spec.test = true;
  stage.run(rehearsal, "rehearsal");
  stage.run(sale::Remove{}, "rehearsal");
  return anna;
}

void take_snapshot(MemoryDisk& disk) {
  auto recovered = recover(disk, kFixtureDir, {.beside_server = true});
  ASSERT_TRUE(recovered.has_value()) << recovered.error().what;
  const auto written = write_snapshot(
      disk, kFixtureDir, {.at = recovered->last, .sales = std::move(recovered->sales)});
  ASSERT_TRUE(written.has_value()) << written.error().what;
}

/// A pause, more stock, a line that reopens, one who can never be served, the close.
void second_epoch(ManualClock& clock, MemoryDisk& disk, OrderKey anna) {
  Stage stage(clock, disk);
  stage.run(sale::Pause{});
  take_snapshot(disk);
  clock.advance(3s);
  stage.run(sale::Resume{});
  stage.run(sale::Restock{SkuId("floor"), 2, IdempotencyKey("more-1")});
  stage.run(sale::Refund{anna, false});
  stage.run(sale::RefundSettled{anna});
  const OrderKey fred = stage.buy("fred");
  stage.buy("gina", 3);
  stage.run(sale::BeginPayment{fred});
  stage.run(sale::PaymentSucceeded{fred, true});
  clock.advance(400s);
  stage.buy("hans", 2);
  stage.buy("iris", 2);
  stage.run(sale::Close{});
  sale::Put free = put_of(1);
  free.spec.payment = sale::PaymentMode::none;
  free.spec.items.front().price = 0;
  stage.run(free, "coupons");
}

}  // namespace

std::unique_ptr<MemoryDisk> history_with_clean_end() {
  auto disk = std::make_unique<MemoryDisk>();
  ManualClock clock;
  const OrderKey anna = first_epoch(clock, *disk);
  clock.advance(5s);
  second_epoch(clock, *disk, anna);
  return disk;
}

std::unique_ptr<MemoryDisk> history_with_crash() {
  auto disk = std::make_unique<MemoryDisk>();
  ManualClock clock;
  {
    Stage stage(clock, *disk);
    stage.run(put_with_line(1));
    stage.buy("anna");
    stage.buy("ben");
  }
  take_snapshot(*disk);
  clock.advance(7s);
  Stage stage(clock, *disk);
  stage.buy("cleo");
  stage.refused("dora", sale::Code::sold_out);
  sale::Put last = put_with_line(1);
  last.spec.notify_url = "https://shop.example/" + std::string(400, 'c');  // beyond a sector
  stage.run(sale::Put{last.spec, sale::Put::kNotify});
  auto crashed = disk->copy();
  const std::string path = path_in(kFixtureDir, segment_name(Position(1)));
  std::string bytes = crashed->read(path);
  const std::size_t last_byte = bytes.find_last_not_of('\0');
  bytes.replace(last_byte / kSector * kSector, kSector, kSector, '\0');
  crashed->overwrite(path, bytes);
  return crashed;
}

std::unique_ptr<MemoryDisk> history_with_archive() {
  auto disk = std::make_unique<MemoryDisk>();
  ManualClock clock;
  {
    Stage stage(clock, *disk);
    stage.run(put_of(1));
    stage.run(sale::PaymentSucceeded{stage.buy("anna"), true});
    stage.run(sale::Close{});
    stage.refused("ben", sale::Code::closed);
  }
  clock.advance(3s);
  ArchiveOptions options{.data_dir = kFixtureDir,
                         .sale = SaleId("concert"),
                         .file = {},
                         .actor = "olga",
                         .journal = small_files()};
  const auto archived = archive_sale(options, clock, *disk);
  EXPECT_TRUE(archived.has_value()) << archived.error().what;
  take_snapshot(*disk);
  return disk;
}

}  // namespace dibs::engine
