#include <algorithm>

#include "engine/memory_disk.h"

/// What a power cut and the death of a process leave of a disk in memory.
namespace dibs::engine {

std::unique_ptr<MemoryDisk> MemoryDisk::twin() {
  auto same = std::make_unique<MemoryDisk>();
  std::map<ContentPtr, ContentPtr> copies;
  const auto copy_of = [&](const ContentPtr& content) {
    if (!content) return content;
    ContentPtr& copy = copies[content];
    if (!copy) copy = std::make_shared<Content>(*content);
    return copy;
  };
  for (const auto& [path, content] : names_) same->names_[path] = copy_of(content);
  for (const auto& [path, content] : synced_names_) same->synced_names_[path] = copy_of(content);
  for (const NameChange& change : unsynced_names_) {
    same->unsynced_names_.push_back({change.gone, change.set, copy_of(change.content)});
  }
  return same;
}

MemoryDisk::PowerCut MemoryDisk::cut_power() {
  const std::scoped_lock lock(mutex_);
  PowerCut cut;
  cut.disk_ = twin();
  std::set<const Content*> met;
  const auto count = [&](const ContentPtr& content) {
    if (content && met.insert(content.get()).second) {
      cut.open_ends_ += content->dirty_sectors.size();
    }
  };
  for (const auto& [path, content] : synced_names_) count(content);
  for (const NameChange& change : unsynced_names_) count(change.content);
  cut.open_ends_ += unsynced_names_.size();
  return cut;
}

std::unique_ptr<MemoryDisk> MemoryDisk::PowerCut::left(
    const std::function<bool(std::size_t)>& survives) const {
  auto left = disk_->twin();
  std::size_t open_end = 0;
  std::set<const Content*> met;
  const auto settle = [&](const ContentPtr& content) {
    if (!content || !met.insert(content.get()).second) return;
    for (const std::uint64_t sector : content->dirty_sectors) {
      if (survives(open_end++)) content->make_durable(sector);
    }
    content->dirty_sectors.clear();
  };
  for (const auto& [path, content] : left->synced_names_) settle(content);
  for (const NameChange& change : left->unsynced_names_) settle(change.content);
  for (const NameChange& change : left->unsynced_names_) {
    if (survives(open_end++)) change.apply(left->synced_names_);
  }
  left->unsynced_names_.clear();
  left->names_ = left->synced_names_;
  for (const auto& [path, content] : left->names_) content->now = content->synced;
  return left;
}

std::unique_ptr<MemoryDisk> MemoryDisk::after_power_cut(double survives, std::mt19937& random) {
  std::bernoulli_distribution kept(survives);
  return cut_power().left([&](std::size_t) { return kept(random); });
}

std::unique_ptr<MemoryDisk> MemoryDisk::copy() {
  const std::scoped_lock lock(mutex_);
  auto same = twin();
  same->unsynced_names_.clear();
  same->synced_names_ = same->names_;
  for (const auto& [path, content] : same->names_) {
    content->synced = content->now;
    content->dirty_sectors.clear();
  }
  return same;
}

}  // namespace dibs::engine
