#include <utility>

#include "base/assert.h"
#include "http/answer_sink.h"
#include "http/server.h"

namespace dibs::http {

Responder::Responder(std::shared_ptr<AnswerSink> sink, std::uint64_t connection,
                     std::uint64_t request)
    : sink_(std::move(sink)), connection_(connection), request_(request) {}

Responder::Responder(Responder&& other) noexcept
    : sink_(std::move(other.sink_)), connection_(other.connection_), request_(other.request_) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(sink_, other.sink_);
  std::swap(connection_, other.connection_);
  std::swap(request_, other.request_);
  return *this;
}

Responder::~Responder() {
  if (sink_) sink_->post({connection_, request_, Message::Abandoned{}});
}

void Responder::respond(Response response) {
  const auto sink = std::exchange(sink_, nullptr);
  if (sink) sink->post({connection_, request_, Message::Answer{std::move(response)}});
}

std::shared_ptr<Responder::Stream> Responder::stream(
    std::vector<std::pair<std::string, std::string>> headers) {
  const auto sink = std::exchange(sink_, nullptr);
  DIBS_ASSERT(sink != nullptr);
  auto state = std::make_shared<StreamState>(sink->stream_backlog_bytes());
  auto stream = std::make_shared<Stream>(sink, connection_, state);
  sink->post({connection_, request_, Message::StreamBegin{std::move(headers), std::move(state)}});
  return stream;
}

Responder::Stream::Stream(std::shared_ptr<AnswerSink> sink, std::uint64_t connection,
                          std::shared_ptr<StreamState> state)
    : sink_(std::move(sink)), connection_(connection), state_(std::move(state)) {}

Responder::Stream::~Stream() {
  if (state_->open.load()) sink_->post({connection_, 0, Message::StreamEnd{false}});
}

bool Responder::Stream::send(std::shared_ptr<const std::string> bytes) {
  if (!open()) return false;
  const std::size_t size = bytes->size();
  if (state_->backlog.fetch_add(size) + size > state_->backlog_limit) {
    // Only the first to see it says so; the loop closes whatever the others still queue.
    if (state_->open.exchange(false)) sink_->post({connection_, 0, Message::StreamEnd{true}});
    return false;
  }
  sink_->post({connection_, 0, Message::StreamBytes{std::move(bytes)}});
  return true;
}

bool Responder::Stream::open() const { return state_->open.load(); }

}  // namespace dibs::http
