#include "store/ingress.h"

#include <algorithm>
#include <iterator>

namespace dibs::store {

Ingress::Ingress(std::uint32_t loops, std::size_t queue_bound) : queue_bound_(queue_bound) {
  for (std::uint32_t i = 0; i <= loops; ++i) queues_.push_back(std::make_unique<Queue>());
}

Ingress::Queue& Ingress::queue_of(std::uint32_t loop) {
  return *queues_[std::min<std::size_t>(loop, queues_.size() - 1)];
}

const Ingress::Queue& Ingress::queue_of(std::uint32_t loop) const {
  return *queues_[std::min<std::size_t>(loop, queues_.size() - 1)];
}

Ingress::Pushed Ingress::push(OrderedPtr& request) {
  const bool of_loop = request->stamp.loop < loops();
  const std::int64_t stamp_ns = to_ns(request->stamp.received);
  Queue& queue = queue_of(request->stamp.loop);
  bool rings = false;
  {
    const std::scoped_lock lock(queue.mutex);
    if (queue.closed) return Pushed::closed;
    if (queue.size.load(std::memory_order_relaxed) >= queue_bound_) return Pushed::full;
    queue.size.fetch_add(1, std::memory_order_relaxed);
    queue.requests.push_back(std::move(request));
    queue.oldest_ns = std::min(queue.oldest_ns.load(), stamp_ns);
    // Sequentially consistent, like publish(): either this sees the watermark, or that the request.
    rings = !queue.rung && (!of_loop || stamp_ns <= queue.watermark_ns.load());
    queue.rung |= rings;
  }
  queue.activity.fetch_add(1, std::memory_order_relaxed);
  if (rings) bell_.ring();
  return Pushed::taken;
}

void Ingress::close() {
  for (const auto& queue : queues_) {
    const std::scoped_lock lock(queue->mutex);
    queue->closed = true;
  }
}

void Ingress::publish(std::uint32_t loop, Instant upto) noexcept {
  if (loop >= loops()) return;
  Queue& queue = *queues_[loop];
  const std::int64_t upto_ns = to_ns(upto);
  queue.watermark_ns.store(upto_ns);
  queue.activity.fetch_add(1, std::memory_order_relaxed);
  // Sequentially consistent on both sides: either the sequencer sees this watermark before it
  // sleeps, or this sees what it waits for.
  if (upto_ns >= queue.oldest_ns.load() || upto_ns >= awaited_ns_.load()) bell_.ring();
}

void Ingress::collect(std::vector<OrderedPtr>& out) {
  for (const auto& queue : queues_) {
    const std::scoped_lock lock(queue->mutex);
    std::ranges::move(queue->requests, std::back_inserter(out));
    queue->requests.clear();
    queue->oldest_ns = INT64_MAX;
    queue->rung = false;
  }
}

void Ingress::numbered(std::uint32_t loop, std::size_t count) {
  queue_of(loop).size.fetch_sub(count, std::memory_order_relaxed);
}

Instant Ingress::furthest() const noexcept {
  std::int64_t furthest_ns = INT64_MIN;
  for (const auto& queue : queues_) {
    furthest_ns = std::max(furthest_ns, queue->watermark_ns.load(std::memory_order_relaxed));
  }
  return from_ns(furthest_ns);
}

Instant Ingress::watermark(std::uint32_t loop) const {
  return from_ns(queues_[loop]->watermark_ns.load());
}

std::uint64_t Ingress::activity(std::uint32_t loop) const {
  return queues_[loop]->activity.load(std::memory_order_relaxed);
}

}  // namespace dibs::store
