#include "http/output.h"

#include <cerrno>
#include <optional>
#include <utility>

namespace dibs::http {
namespace {

/// How many bytes the kernel took, 0 when it has no room; nothing when the peer has gone.
std::optional<std::size_t> try_send(const Fd& socket, std::string_view bytes) {
  const ssize_t sent = send_some(socket, bytes);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == ENOBUFS) return 0;
  return std::nullopt;
}

}  // namespace

Output::Result Output::send(const Fd& socket, std::string_view bytes) {
  std::size_t sent = 0;
  if (waiting_.empty()) {
    const auto taken = try_send(socket, bytes);
    if (!taken) return Result::failed;
    sent = *taken;
  }
  if (sent == bytes.size()) return waiting_.empty() ? Result::done : Result::blocked;
  moved_on_ |= waiting_.empty();
  waiting_.push_back(std::make_shared<const std::string>(bytes.substr(sent)));
  bytes_ += bytes.size() - sent;
  return Result::blocked;
}

Output::Result Output::send(const Fd& socket, std::shared_ptr<const std::string> bytes) {
  const bool first = waiting_.empty();
  moved_on_ |= first;
  bytes_ += bytes->size();
  waiting_.push_back(std::move(bytes));
  return first ? flush(socket) : Result::blocked;
}

Output::Result Output::flush(const Fd& socket) {
  while (!waiting_.empty()) {
    const std::string_view rest = std::string_view(*waiting_.front()).substr(sent_of_first_);
    const auto taken = try_send(socket, rest);
    if (!taken) return Result::failed;
    bytes_ -= *taken;
    sent_of_first_ += *taken;
    if (*taken < rest.size()) return Result::blocked;
    waiting_.pop_front();
    sent_of_first_ = 0;
    moved_on_ = true;
  }
  return Result::done;
}

}  // namespace dibs::http
