#include "engine/worse_disk.h"

#include <utility>

namespace dibs::engine {
namespace {

class WorseFile final : public File {
 public:
  WorseFile(std::unique_ptr<File> file, Habit habit, bool journal)
      : file_(std::move(file)), habit_(habit), journal_(journal) {}

  DiskResult<std::size_t> write_at(std::uint64_t offset, std::string_view bytes) override {
    return file_->write_at(offset, bytes);
  }
  DiskResult<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    return file_->read_at(offset, into);
  }
  DiskResult<void> sync() override {
    if (habit_ == Habit::marks_before_it_is_synced && journal_) return {};
    auto done = file_->sync();
    if (!done && habit_ == Habit::retries_sync) done = file_->sync();
    return done;
  }
  DiskResult<void> allocate(std::uint64_t offset, std::uint64_t length) override {
    return file_->allocate(offset, length);
  }
  DiskResult<std::uint64_t> size() override { return file_->size(); }

 private:
  std::unique_ptr<File> file_;
  const Habit habit_;
  const bool journal_;
};

}  // namespace

DiskResult<std::unique_ptr<File>> WorseDisk::open(const std::string& path, Mode mode) {
  auto file = disk_.open(path, mode);
  if (!file) return file;
  return std::make_unique<WorseFile>(std::move(*file), habit_, path.ends_with(".log"));
}

}  // namespace dibs::engine
