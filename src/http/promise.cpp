#include "http/promise.h"

#include <algorithm>

namespace dibs::http {

ArrivalPromise::Given ArrivalPromise::give(Instant arrived) {
  Given given{{arrived, loop_, ++given_}, arrived <= promised_};
  if (given.moved) given.stamp.received = promised_ + Duration(1);
  latest_ = std::max(latest_, given.stamp.received);
  return given;
}

void ArrivalPromise::publish(Instant upto) {
  if (upto <= promised_) return;
  promised_ = upto;
  listener_.on_watermark(loop_, upto);
}

void ArrivalPromise::end_round(Instant began) {
  // After the wall clock was set back, the noted times stay behind what is promised, perhaps for
  // an hour. Requests then get stamps just behind the promise (see give), and the promise follows
  // them: they were all handed out before this call. It also follows the other loops' promises,
  // whose requests would otherwise wait until the clock is there again.
  publish(began < promised_ ? std::max(latest_, listener_.furthest_watermark()) : began);
}

}  // namespace dibs::http
