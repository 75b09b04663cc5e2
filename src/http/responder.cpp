#include <utility>

#include "base/assert.h"
#include "http/loop.h"
#include "http/server.h"

namespace dibs::http {

Responder::Responder(std::shared_ptr<Loop> loop, std::uint64_t connection, std::uint64_t request)
    : loop_(std::move(loop)), connection_(connection), request_(request) {}

Responder::Responder(Responder&& other) noexcept
    : loop_(std::move(other.loop_)), connection_(other.connection_), request_(other.request_) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(loop_, other.loop_);
  std::swap(connection_, other.connection_);
  std::swap(request_, other.request_);
  return *this;
}

Responder::~Responder() {
  if (loop_) loop_->post({connection_, request_, Message::Abandoned{}});
}

void Responder::respond(Response response) {
  const auto loop = std::exchange(loop_, nullptr);
  if (loop) loop->post({connection_, request_, Message::Answer{std::move(response)}});
}

std::shared_ptr<Responder::Stream> Responder::stream(
    std::vector<std::pair<std::string, std::string>> headers) {
  const auto loop = std::exchange(loop_, nullptr);
  DIBS_ASSERT(loop != nullptr);
  auto state = std::make_shared<StreamState>(loop->limits().stream_backlog_bytes);
  auto stream = std::make_shared<Stream>(loop, connection_, state);
  loop->post({connection_, request_, Message::StreamBegin{std::move(headers), std::move(state)}});
  return stream;
}

Responder::Stream::Stream(std::shared_ptr<Loop> loop, std::uint64_t connection,
                          std::shared_ptr<StreamState> state)
    : loop_(std::move(loop)), connection_(connection), state_(std::move(state)) {}

Responder::Stream::~Stream() {
  if (state_->open.load()) loop_->post({connection_, 0, Message::StreamEnd{false}});
}

bool Responder::Stream::send(std::shared_ptr<const std::string> bytes) {
  if (!open()) return false;
  const std::size_t size = bytes->size();
  if (state_->backlog.fetch_add(size) + size > state_->backlog_limit) {
    // Only the first to see it says so; the loop closes whatever the others still queue.
    if (state_->open.exchange(false)) loop_->post({connection_, 0, Message::StreamEnd{true}});
    return false;
  }
  loop_->post({connection_, 0, Message::StreamBytes{std::move(bytes)}});
  return true;
}

bool Responder::Stream::open() const { return state_->open.load(); }

}  // namespace dibs::http
