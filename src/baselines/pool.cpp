#include "baselines/pool.h"

#include <utility>

namespace dibs::baselines {

Result<std::unique_ptr<Pool>> Pool::open(const std::string& host, std::uint16_t port,
                                         std::size_t threads) {
  std::unique_ptr<Pool> pool(new Pool);
  for (std::size_t i = 0; i < threads; ++i) {
    auto redis = Redis::open(host, port);
    if (!redis) return std::unexpected(redis.error());
    pool->connections_.push_back(std::move(*redis));
  }
  for (Redis& redis : pool->connections_) {
    pool->threads_.emplace_back([pool = pool.get(), &redis] { pool->run(redis); });
  }
  return pool;
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Pool::give(Task& task) {
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.size() >= kTasksMax) return false;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void Pool::run(Redis& redis) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task(redis);
    task = nullptr;
    lock.lock();
  }
}

}  // namespace dibs::baselines
