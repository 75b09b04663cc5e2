#include "engine/memory_disk.h"

#include <algorithm>
#include <cerrno>

namespace dibs::engine {
namespace {
constexpr std::uint64_t kSectorBytes = 512;
}

class MemoryDisk::MemoryFile final : public File {
 public:
  MemoryFile(MemoryDisk& disk, std::shared_ptr<Content> content, std::string path)
      : disk_(disk), content_(std::move(content)), path_(std::move(path)) {}

  DiskResult<std::size_t> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::scoped_lock lock(disk_.mutex_);
    if (auto ok = disk_.check("write", path_); !ok) return std::unexpected(ok.error());
    std::string& now = content_->now;
    if (now.size() < offset + bytes.size()) now.resize(offset + bytes.size(), '\0');
    now.replace(offset, bytes.size(), bytes);
    for (std::uint64_t at = offset / kSectorBytes; at * kSectorBytes < offset + bytes.size();
         ++at) {
      content_->dirty_sectors.insert(at);
    }
    return bytes.size();
  }

  DiskResult<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const std::scoped_lock lock(disk_.mutex_);
    const std::string& now = content_->now;
    if (offset >= now.size()) return 0;
    const std::size_t count = std::min<std::size_t>(into.size(), now.size() - offset);
    std::copy_n(now.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  DiskResult<void> sync() override {
    const std::scoped_lock lock(disk_.mutex_);
    if (auto ok = disk_.check("sync", path_); !ok) return ok;
    content_->synced = content_->now;
    content_->dirty_sectors.clear();
    return {};
  }

  DiskResult<void> allocate(std::uint64_t offset, std::uint64_t length) override {
    const std::scoped_lock lock(disk_.mutex_);
    if (auto ok = disk_.check("allocation", path_); !ok) return ok;
    if (content_->now.size() < offset + length) content_->now.resize(offset + length, '\0');
    return {};
  }

  DiskResult<std::uint64_t> size() override {
    const std::scoped_lock lock(disk_.mutex_);
    return content_->now.size();
  }

 private:
  MemoryDisk& disk_;
  std::shared_ptr<Content> content_;
  std::string path_;
};

class MemoryDisk::MemoryLock final : public DirectoryLock {
 public:
  explicit MemoryLock(MemoryDisk& disk) : disk_(disk) {}
  ~MemoryLock() override {
    const std::scoped_lock lock(disk_.mutex_);
    disk_.locked_ = false;
  }

 private:
  MemoryDisk& disk_;
};

DiskResult<void> MemoryDisk::check(const std::string& call, const std::string& path) {
  const int number = fault_ ? fault_(call, path) : 0;
  if (number != 0) return std::unexpected(DiskError{number, call, path});
  return {};
}

DiskResult<std::unique_ptr<File>> MemoryDisk::open(const std::string& path, Mode mode) {
  const std::scoped_lock lock(mutex_);
  const auto it = names_.find(path);
  if (mode == Mode::create) {
    if (auto ok = check("creation", path); !ok) return std::unexpected(ok.error());
    if (it != names_.end()) return std::unexpected(DiskError{EEXIST, "open", path});
    const auto content = std::make_shared<Content>();
    names_[path] = content;
    return std::make_unique<MemoryFile>(*this, content, path);
  }
  if (it == names_.end()) return std::unexpected(DiskError{ENOENT, "open", path});
  return std::make_unique<MemoryFile>(*this, it->second, path);
}

DiskResult<std::vector<std::string>> MemoryDisk::list(const std::string& directory) {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [path, content] : names_) {
    if (path.starts_with(directory + "/")) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

DiskResult<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(mutex_);
  if (auto ok = check("rename", from); !ok) return ok;
  const auto it = names_.find(from);
  if (it == names_.end()) return std::unexpected(DiskError{ENOENT, "rename", from});
  names_[to] = it->second;
  names_.erase(from);
  return {};
}

DiskResult<void> MemoryDisk::remove(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (auto ok = check("removal", path); !ok) return ok;
  if (names_.erase(path) == 0) return std::unexpected(DiskError{ENOENT, "removal", path});
  return {};
}

DiskResult<void> MemoryDisk::sync_directory(const std::string& directory) {
  const std::scoped_lock lock(mutex_);
  if (auto ok = check("sync", directory); !ok) return ok;
  synced_names_ = names_;
  return {};
}

DiskResult<void> MemoryDisk::make_directory(const std::string&) { return {}; }

DiskResult<std::unique_ptr<DirectoryLock>> MemoryDisk::lock(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (locked_) return std::unexpected(DiskError{EAGAIN, "lock", path});
  locked_ = true;
  return std::make_unique<MemoryLock>(*this);
}

std::unique_ptr<MemoryDisk> MemoryDisk::after_power_cut(double survives, std::mt19937& random) {
  const std::scoped_lock lock(mutex_);
  auto left = std::make_unique<MemoryDisk>();
  std::bernoulli_distribution kept(survives);
  for (const auto& [path, content] : synced_names_) {
    auto copy = std::make_shared<Content>();
    std::string bytes = content->synced;
    for (const std::uint64_t sector : content->dirty_sectors) {
      if (!kept(random)) continue;
      const std::string part = content->now.substr(sector * kSectorBytes, kSectorBytes);
      if (bytes.size() < sector * kSectorBytes + part.size()) {
        bytes.resize(sector * kSectorBytes + part.size(), '\0');
      }
      bytes.replace(sector * kSectorBytes, part.size(), part);
    }
    copy->now = copy->synced = bytes;
    left->names_[path] = copy;
  }
  left->synced_names_ = left->names_;
  return left;
}

std::unique_ptr<MemoryDisk> MemoryDisk::copy() {
  const std::scoped_lock lock(mutex_);
  auto same = std::make_unique<MemoryDisk>();
  for (const auto& [path, content] : names_) {
    same->names_[path] = std::make_shared<Content>(*content);
  }
  same->synced_names_ = same->names_;
  return same;
}

void MemoryDisk::set_fault(
    std::function<int(const std::string& call, const std::string& path)> fault) {
  const std::scoped_lock lock(mutex_);
  fault_ = std::move(fault);
}

std::string MemoryDisk::read(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  return names_.at(path)->now;
}

void MemoryDisk::overwrite(const std::string& path, std::string bytes) {
  const std::scoped_lock lock(mutex_);
  names_.at(path)->now = bytes;
  names_.at(path)->synced = std::move(bytes);
}

void MemoryDisk::erase(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  names_.erase(path);
  synced_names_.erase(path);
}

std::vector<std::string> MemoryDisk::paths() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, content] : names_) paths.push_back(path);
  return paths;
}

}  // namespace dibs::engine
