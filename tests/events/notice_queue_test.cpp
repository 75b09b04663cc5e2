#include "events/notice_queue.h"

#include <gtest/gtest.h>

namespace dibs::events {
namespace {

using namespace std::chrono_literals;

sale::Event event_of(std::uint64_t seq, sale::Fact fact) {
  return {.seq = Seq(seq),
          .at = from_ns(1'000 + static_cast<std::int64_t>(seq)),
          .actor = {},
          .fact = std::move(fact)};
}

store::FedEvent fed(std::uint64_t seq, sale::Fact fact = sale::Paused{}) {
  return {.position = Position(100 + seq / 2),
          .sale = SaleId("concert"),
          .event = event_of(seq, std::move(fact))};
}

sale::Created created(bool with_notify) {
  sale::Created fact;
  if (with_notify) fact.spec.notify_url = "https://shop.example/";
  return fact;
}

sale::Changed changed(bool with_notify) {
  sale::Changed fact;
  if (with_notify) fact.spec.notify_url = "https://shop.example/";
  return fact;
}

/// The seq that is sent now; 0: none.
std::uint64_t due(const NoticeQueue& queue, Duration now = 0s) {
  const auto* event = queue.due(now);
  return event == nullptr ? 0 : event->event.seq.value();
}

TEST(NoticeQueue, one_is_in_flight_and_the_next_goes_when_it_is_answered) {
  NoticeQueue queue;
  queue.take(fed(1, created(true)));
  queue.take(fed(2));
  EXPECT_EQ(due(queue), 1U);
  queue.sent();
  EXPECT_EQ(due(queue), 0U);
  EXPECT_EQ(queue.delivered().seq, Seq());  // not before the answer
  queue.answered();
  EXPECT_EQ(queue.delivered().seq, Seq(1));
  EXPECT_EQ(due(queue), 2U);
}

TEST(NoticeQueue, a_failed_one_is_sent_again_first_and_later) {
  NoticeQueue queue;
  queue.take(fed(1, created(true)));
  queue.take(fed(2));
  queue.sent();
  const Duration again = queue.failed(10s, "503", 1.0);
  EXPECT_EQ(again, 10s + 500ms);
  EXPECT_EQ(due(queue, again - 1ns), 0U);
  EXPECT_EQ(due(queue, again), 1U);
  EXPECT_EQ(queue.delivered().seq, Seq());
  EXPECT_EQ(queue.last_error(), "503");
  queue.sent();
  queue.answered();
  EXPECT_EQ(queue.last_error(), "");
  EXPECT_EQ(due(queue, again), 2U);  // at once, and the pauses begin anew
  queue.sent();
  EXPECT_EQ(queue.failed(20s, "503", 1.0), 20s + 500ms);
}

TEST(NoticeQueue, pauses_double_up_to_a_minute_for_ever) {
  EXPECT_EQ(back_off(1, 1.0), 500ms);
  EXPECT_EQ(back_off(2, 1.0), 1s);
  EXPECT_EQ(back_off(7, 1.0), 32s);
  EXPECT_EQ(back_off(8, 1.0), 60s);
  EXPECT_EQ(back_off(UINT32_MAX, 1.0), 60s);
  EXPECT_EQ(back_off(1, 0.0), 250ms);
  EXPECT_EQ(back_off(8, 0.5), 45s);
}

TEST(NoticeQueue, goes_on_behind_what_was_delivered) {
  NoticeQueue queue({Seq(3), Position(101)});
  for (std::uint64_t seq = 2; seq <= 5; ++seq) queue.take(fed(seq));  // the record is read again
  EXPECT_EQ(due(queue), 4U);
  EXPECT_EQ(queue.behind(Seq(9)), 6U);  // two here, four not read yet
}

TEST(NoticeQueue, begins_with_the_event_that_asks_for_notices) {
  NoticeQueue queue;
  queue.take(fed(1, created(false)));
  queue.take(fed(2));
  queue.take(fed(3, changed(true)));
  queue.take(fed(4));
  EXPECT_EQ(due(queue), 3U);
  queue.take(fed(5, changed(false)));
  queue.take(fed(6));
  EXPECT_EQ(queue.behind(Seq(6)), 2U);
}

TEST(NoticeQueue, its_window_is_bounded) {
  NoticeQueue queue;
  queue.take(fed(1, created(true)));
  while (queue.room() > 0) queue.take(fed(NoticeQueue::kWindow - queue.room() + 1));
  EXPECT_EQ(queue.behind(Seq(1'000)), 1'000U);
  queue.sent();
  queue.answered();
  EXPECT_EQ(queue.room(), 1U);
}

TEST(NoticeQueue, knows_when_the_sale_is_over) {
  NoticeQueue queue;
  queue.take(fed(1, created(true)));
  queue.take(fed(2, sale::Removed{}));
  EXPECT_TRUE(queue.ended());
  queue.take(fed(3, created(true)));  // another sale of the same id
  EXPECT_FALSE(queue.ended());
}

}  // namespace
}  // namespace dibs::events
