#pragma once

#include <sys/types.h>

#include <string_view>
#include <utility>

namespace dibs {

/// Owns a file descriptor and closes it when it goes.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Sends without blocking and without SIGPIPE; bytes taken by the kernel, or -1 and errno.
[[nodiscard]] ssize_t send_some(const Fd& socket, std::string_view bytes);

}  // namespace dibs
