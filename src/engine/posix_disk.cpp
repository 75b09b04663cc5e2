#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "engine/disk.h"

namespace dibs::engine {
namespace {

std::unexpected<DiskError> failed(const char* call, const std::string& path, int number = errno) {
  return std::unexpected(DiskError{number, call, path});
}

/// Calls again while a signal interrupts.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  DiskResult<std::size_t> write_at(std::uint64_t offset, std::string_view bytes) override {
    const ssize_t done = uninterrupted([&] {
      return ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (done < 0) return failed("write", path_);
    if (done == 0 && !bytes.empty()) return failed("write", path_, EIO);
    return static_cast<std::size_t>(done);
  }

  DiskResult<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const ssize_t done = uninterrupted(
        [&] { return ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset)); });
    if (done < 0) return failed("read", path_);
    return static_cast<std::size_t>(done);
  }

  DiskResult<void> sync() override {
    // Not retried on EINTR either: the manual does not say that it cannot have failed halfway.
    if (::fdatasync(fd_.get()) != 0) return failed("sync", path_);
    return {};
  }

  DiskResult<void> allocate(std::uint64_t offset, std::uint64_t length) override {
    int number = EINTR;
    while (number == EINTR) {
      number = ::posix_fallocate(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length));
    }
    if (number != 0) return failed("allocation", path_, number);
    return {};
  }

  DiskResult<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return failed("stat", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixLock final : public DirectoryLock {
 public:
  PosixLock(int directory, int file) : directory_(directory), file_(file) {}

 private:
  Descriptor directory_;
  Descriptor file_;
};

/// Whether the directory itself is locked now, as far as its file system can (over NFS it may not).
bool lock_directory(int fd) { return ::flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

class PosixDisk final : public Disk {
 public:
  DiskResult<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    const int flags = mode == Mode::read    ? O_RDONLY
                      : mode == Mode::write ? O_RDWR
                                            : O_RDWR | O_CREAT | O_EXCL;
    const int fd = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0600); });
    if (fd < 0) return failed("open", path);
    return std::make_unique<PosixFile>(fd, path);
  }

  DiskResult<std::vector<std::string>> list(const std::string& directory) override {
    std::error_code error;
    std::filesystem::directory_iterator entries(directory, error);
    std::vector<std::string> names;
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
      names.push_back(entries->path().filename().string());
    }
    if (error) return failed("listing", directory, error.value());
    std::ranges::sort(names);
    return names;
  }

  DiskResult<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
    return {};
  }

  DiskResult<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return failed("removal", path);
    return {};
  }

  DiskResult<void> sync_directory(const std::string& directory) override {
    const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return failed("open", directory);
    if (::fsync(fd.get()) != 0) return failed("sync", directory);
    return {};
  }

  DiskResult<void> make_directory(const std::string& directory) override {
    std::error_code error;
    std::filesystem::path path = std::filesystem::absolute(directory, error).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();  // "data/"
    if (error) return failed("creation", directory, error.value());
    if (std::filesystem::is_directory(path, error)) return {};
    if (path.has_relative_path()) {
      if (auto above = make_directory(path.parent_path().string()); !above) return above;
    }
    if (::mkdir(path.c_str(), 0777) != 0) return failed("creation", path.string());
    return sync_directory(path.parent_path().string());
  }

  DiskResult<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override {
    // The directory too: it stays the same one when somebody removes or replaces the file.
    const std::string directory = std::filesystem::path(path).parent_path().string();
    Descriptor whole(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (whole.get() < 0) return failed("open", directory);
    if (!lock_directory(whole.get())) return failed("lock", directory, EAGAIN);
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (fd.get() < 0) return failed("open", path);
    // An open file description lock: two engines in one process exclude each other too, and
    // closing some other descriptor of the file does not give it away (as fcntl's F_SETLK would).
    struct flock range{};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    if (::fcntl(fd.get(), F_OFD_SETLK, &range) != 0) {
      return failed("lock", path, errno == EACCES ? EAGAIN : errno);
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // Written before it is cut to length: on a full disk the old block has room for the new id.
    if (::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) return failed("write", path);
    if (::ftruncate(fd.get(), static_cast<off_t>(pid.size())) != 0) {
      return failed("truncation", path);
    }
    return std::make_unique<PosixLock>(whole.release(), fd.release());
  }
};

}  // namespace

Disk& posix_disk() {
  static PosixDisk disk;
  return disk;
}

}  // namespace dibs::engine
