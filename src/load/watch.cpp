#include "load/watch.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "load/answer.h"
#include "load/monotonic.h"

namespace dibs::load {
namespace {

/// The stream holds events back for up to 50 ms to send several as one, and a busy machine takes
/// about as long again to bring them. The border is set that much before the moment an event was
/// heard: that takes a few comparisons away, and never holds a right answer against the server.
constexpr std::int64_t kStreamDelayNs = 100'000'000;

}  // namespace

Watch::Watch(const Script& script, std::string sku, const Place& place, Poller& poller,
             Crowd& crowd)
    : script_(script), sku_(std::move(sku)), place_(place), poller_(poller), crowd_(crowd) {}

void Watch::open() {
  if (socket_.valid()) return;
  socket_ = begin_connect(place_.endpoint);
  asked_ = false;
  reader_ = {};
  if (!socket_.valid() || !poller_.add(socket_.get(), place_.tag)) close();
}

void Watch::close() {
  socket_ = Fd();
  settled_ = true;
}

void Watch::on_ready(std::uint32_t events) {
  if (!socket_.valid()) return;
  if (!asked_) {
    const std::string request = script_.stream_get(last_id_);
    if (connect_error(socket_) != 0) return close();
    if (send_some(socket_, request) != static_cast<ssize_t>(request.size())) return close();
    asked_ = true;
  }
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
  std::array<char, std::size_t{16} * 1024> buffer{};
  while (true) {
    const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EAGAIN) break;
    if (size <= 0 || !reader_.feed({buffer.data(), static_cast<std::size_t>(size)})) {
      return close();
    }
  }
  if (const auto head = reader_.take()) {
    settled_ = true;
    if (!reader_.streaming()) return close();
  }
  while (const auto event = reader_.take_event()) on_event(*event);
}

void Watch::on_event(const http::ServerEvent& event) {
  last_id_ = event.id;
  if (event.event == "stock") on_stock(event);
  if (event.event == "line") on_line(event);
  if (event.event == "state" && text_member(event.data, "state") == "closed") {
    note_border();
  }
}

void Watch::on_stock(const http::ServerEvent& event) {
  if (text_member(event.data, "sku") != sku_) return;
  now_.at_ns = monotonic_ns();
  now_.available = number_member(event.data, "available");
  now_.held = number_member(event.data, "held");
  now_.sold = number_member(event.data, "sold");
  const std::uint64_t total = now_.available + now_.held + now_.sold;
  if (total_ && *total_ != total) note_border();
  total_ = total;
  curve_.push_back(now_);
}

void Watch::on_line(const http::ServerEvent& event) {
  if (text_member(event.data, "sku") != sku_) return;
  now_.at_ns = monotonic_ns();
  now_.waiting = number_member(event.data, "waiting");
  curve_.push_back(now_);
  const std::uint64_t head = number_member(event.data, "head");
  crowd_.on_line(place_.gateway, head, now_.waiting, now_.at_ns);
}

void Watch::note_border() {
  if (!border_ns_) border_ns_ = monotonic_ns() - kStreamDelayNs;
}

}  // namespace dibs::load
