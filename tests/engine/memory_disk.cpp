#include "engine/memory_disk.h"

#include <algorithm>
#include <cerrno>

namespace dibs::engine {
namespace {
constexpr std::uint64_t kSectorBytes = 512;
}

void MemoryDisk::Content::make_durable(std::uint64_t sector) {
  const std::string part = now.substr(sector * kSectorBytes, kSectorBytes);
  synced.resize(std::max(synced.size(), sector * kSectorBytes + part.size()), '\0');
  synced.replace(sector * kSectorBytes, part.size(), part);
}

void MemoryDisk::NameChange::apply(Names& names) const {
  if (!gone.empty()) names.erase(gone);
  if (!set.empty()) names[set] = content;
}

class MemoryDisk::MemoryFile final : public File {
 public:
  MemoryFile(MemoryDisk& disk, ContentPtr content, std::string path)
      : disk_(disk),
        content_(std::move(content)),
        path_(std::move(path)),
        failed_syncs_seen_(content_->failed_syncs) {}

  DiskResult<std::size_t> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::scoped_lock lock(disk_.mutex_);
    const int number = disk_.fault_of("write", path_);
    if (number > 0) return failed(number, "write");
    if (number == kShortWrite) bytes = bytes.substr(0, (bytes.size() + 1) / 2);
    if (!disk_.room_for(growth(offset + bytes.size()))) return failed(ENOSPC, "write");
    grow(offset + bytes.size());
    content_->now.replace(offset, bytes.size(), bytes);
    for (std::uint64_t at = offset / kSectorBytes; at * kSectorBytes < offset + bytes.size();
         ++at) {
      content_->dirty_sectors.insert(at);
    }
    return bytes.size();
  }

  DiskResult<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const std::scoped_lock lock(disk_.mutex_);
    if (auto ok = disk_.check("read", path_); !ok) return std::unexpected(ok.error());
    const std::string& now = content_->now;
    if (offset >= now.size()) return 0;
    const std::size_t count = std::min<std::size_t>(into.size(), now.size() - offset);
    std::copy_n(now.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  DiskResult<void> sync() override {
    const std::scoped_lock lock(disk_.mutex_);
    const int number = disk_.fault_of("sync", path_);
    std::size_t met = 0;
    for (const std::uint64_t sector : content_->dirty_sectors) {
      if (number == 0 || (number == kHalfSync && ++met % 2 == 0)) content_->make_durable(sector);
    }
    content_->dirty_sectors.clear();
    if (number != 0) ++content_->failed_syncs;
    // Every file that was open when a sync failed hears of it, once.
    if (std::exchange(failed_syncs_seen_, content_->failed_syncs) != content_->failed_syncs) {
      return std::unexpected(DiskError{number > 0 ? number : EIO, "sync", path_});
    }
    if (content_->synced.size() < content_->now.size()) {
      content_->synced.resize(content_->now.size(), '\0');
    }
    return {};
  }

  DiskResult<void> allocate(std::uint64_t offset, std::uint64_t length) override {
    const std::scoped_lock lock(disk_.mutex_);
    if (auto ok = disk_.check("allocation", path_); !ok) return ok;
    if (!disk_.room_for(growth(offset + length))) {
      return std::unexpected(DiskError{ENOSPC, "allocation", path_});
    }
    grow(offset + length);
    return {};
  }

  DiskResult<std::uint64_t> size() override {
    const std::scoped_lock lock(disk_.mutex_);
    if (auto ok = disk_.check("stat", path_); !ok) return std::unexpected(ok.error());
    return content_->now.size();
  }

 private:
  [[nodiscard]] std::unexpected<DiskError> failed(int number, const char* call) const {
    return std::unexpected(DiskError{number, call, path_});
  }
  [[nodiscard]] std::uint64_t growth(std::uint64_t end) const {
    return end > content_->now.size() ? end - content_->now.size() : 0;
  }
  void grow(std::uint64_t end) {
    if (growth(end) > 0) content_->now.resize(end, '\0');
  }

  MemoryDisk& disk_;
  ContentPtr content_;
  std::string path_;
  std::uint64_t failed_syncs_seen_;
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

int MemoryDisk::fault_of(const std::string& call, const std::string& path) {
  return fault_ ? fault_(call, path) : 0;
}

DiskResult<void> MemoryDisk::check(const std::string& call, const std::string& path) {
  const int number = fault_of(call, path);
  if (number > 0) return std::unexpected(DiskError{number, call, path});
  return {};
}

void MemoryDisk::change(const NameChange& change) {
  change.apply(names_);
  unsynced_names_.push_back(change);
}

bool MemoryDisk::room_for(std::uint64_t more) {
  return more == 0 || bytes_used() + more <= capacity_;
}

DiskResult<std::unique_ptr<File>> MemoryDisk::open(const std::string& path, Mode mode) {
  const std::scoped_lock lock(mutex_);
  const bool create = mode == Mode::create;
  if (auto ok = check(create ? "creation" : "open", path); !ok) {
    return std::unexpected(ok.error());
  }
  const auto it = names_.find(path);
  if (create && it != names_.end()) return std::unexpected(DiskError{EEXIST, "open", path});
  if (!create && it == names_.end()) return std::unexpected(DiskError{ENOENT, "open", path});
  const auto content = create ? std::make_shared<Content>() : it->second;
  if (create) change({.gone = {}, .set = path, .content = content});
  return std::make_unique<MemoryFile>(*this, content, path);
}

DiskResult<std::vector<std::string>> MemoryDisk::list(const std::string& directory) {
  const std::scoped_lock lock(mutex_);
  if (auto ok = check("listing", directory); !ok) return std::unexpected(ok.error());
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
  change({.gone = from, .set = to, .content = it->second});
  return {};
}

DiskResult<void> MemoryDisk::remove(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (auto ok = check("removal", path); !ok) return ok;
  if (!names_.contains(path)) return std::unexpected(DiskError{ENOENT, "removal", path});
  change({.gone = path, .set = {}, .content = nullptr});
  return {};
}

DiskResult<void> MemoryDisk::sync_directory(const std::string& directory) {
  const std::scoped_lock lock(mutex_);
  if (auto ok = check("sync", directory); !ok) return ok;
  synced_names_ = names_;
  unsynced_names_.clear();
  return {};
}

DiskResult<void> MemoryDisk::make_directory(const std::string& directory) {
  const std::scoped_lock lock(mutex_);
  return check("creation", directory);
}

DiskResult<std::unique_ptr<DirectoryLock>> MemoryDisk::lock(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (auto ok = check("lock", path); !ok) return std::unexpected(ok.error());
  if (locked_) return std::unexpected(DiskError{EAGAIN, "lock", path});
  locked_ = true;
  if (!names_.contains(path)) {
    const auto content = std::make_shared<Content>();
    content->now = "4711\n";
    change({.gone = {}, .set = path, .content = content});
  }
  return std::make_unique<MemoryLock>(*this);
}

void MemoryDisk::set_fault(Fault fault) {
  const std::scoped_lock lock(mutex_);
  fault_ = std::move(fault);
}

void MemoryDisk::set_capacity(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  capacity_ = bytes;
}

std::uint64_t MemoryDisk::bytes_used() {
  const std::scoped_lock lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [path, content] : names_) bytes += content->now.size();
  return bytes;
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
