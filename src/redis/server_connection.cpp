#include "redis/server_connection.h"

#include <utility>

namespace dibs::redis {
namespace {

/// A reply of more than this is none of ours.
constexpr std::size_t kUnreadMax = std::size_t{512} << 20U;
/// The first byte of what a TLS server says to somebody who does not speak it.
constexpr char kTlsAlert = 0x15;

struct FreeOneReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

std::string formatted(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out.append("$").append(std::to_string(word.size())).append("\r\n");
    out.append(word).append("\r\n");
  }
  return out;
}

}  // namespace

ServerConnection::ServerConnection(const Address& address, const Clock& clock)
    : address_(address), clock_(clock), wire_(address) {}

void ServerConnection::open() {
  if (auto begun = wire_.open(); !begun) {
    why_closed_ = begun.error();
    return;
  }
  reader_.reset(redisReaderCreate());
  received_.clear();
  begin_session();
}

void ServerConnection::begin_session() {
  const auto must = [this](std::string_view what) {
    return [this, what](Result<const redisReply*> reply) {
      if (!reply || (*reply)->type != REDIS_REPLY_ERROR) return;
      close({FaultKind::unavailable,
             "Redis at " + address_.shown() + " refuses " + std::string(what) + ": " +
                 std::string((*reply)->str, (*reply)->len) + ".",
             "Correct user, password and database of --store."});
    };
  };
  if (!address_.password.empty()) {
    std::vector<std::string> words{"AUTH"};
    if (!address_.user.empty()) words.push_back(address_.user);
    words.push_back(address_.password);
    call(words, must("the password"));
  }
  if (address_.database != 0) {
    call({"SELECT", std::to_string(address_.database)}, must("the database"));
  }
}

void ServerConnection::close(Fault why) {
  if (!wire_.is_open()) return;
  wire_.close();
  why_closed_ = std::move(why);
  tell_all();
}

void ServerConnection::tell_all() {
  // What was written may have reached the server; which calls these are is not worth knowing:
  // a connection that was never there has sent nothing.
  Fault fault = why_closed_;
  if (wire_.has_been_there()) fault.kind = FaultKind::unknown;
  auto waiting = std::exchange(waiting_, {});
  for (Waiting& one : waiting) one.then(std::unexpected(fault));
}

void ServerConnection::call(const std::vector<std::string>& words, Then then) {
  if (!wire_.is_open()) return then(std::unexpected(why_closed_));
  wire_.send(formatted(words));
  waiting_.push_back({std::move(then), clock_.monotonic()});
}

std::optional<Duration> ServerConnection::waiting_since() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().since;
}

void ServerConnection::ready(short events) {
  if (!wire_.is_open()) return;
  const auto done = wire_.ready(events, received_);
  if (!done) why_closed_ = done.error();
  // What came before the connection broke was said nevertheless.
  if (!received_.empty()) give_replies();
  if (!done) tell_all();
}

void ServerConnection::give_replies() {
  const std::string bytes = std::exchange(received_, {});
  const auto none_of_ours = [this, &bytes] {
    close({FaultKind::unavailable,
           "What came from " + address_.shown() + " is not Redis' protocol.",
           bytes.front() == kTlsAlert ? "It speaks TLS: write rediss:// in --store."
                                      : "Name a Redis server in --store."});
  };
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
  void* next = nullptr;
  while (true) {
    if (redisReaderGetReply(reader_.get(), &next) != REDIS_OK || reader_->len > kUnreadMax) {
      return none_of_ours();
    }
    if (next == nullptr) return;
    const std::unique_ptr<redisReply, FreeOneReply> reply(static_cast<redisReply*>(next));
    if (waiting_.empty()) return none_of_ours();
    Then then = std::move(waiting_.front().then);
    waiting_.pop_front();
    then(reply.get());
    if (waiting_.empty() && !wire_.is_open()) return;
  }
}

}  // namespace dibs::redis
