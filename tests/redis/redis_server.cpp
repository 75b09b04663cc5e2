#include "redis/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

namespace dibs::redis {
namespace {

constexpr int kTries = 1'000;
constexpr auto kBetweenTries = std::chrono::milliseconds(10);

bool answers(const std::string& host, int port) {
  redisContext* context = redisConnect(host.c_str(), port);
  bool good = false;
  if (context != nullptr && context->err == 0) {
    auto* reply = static_cast<redisReply*>(redisCommand(context, "PING"));
    good = reply != nullptr && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
  }
  if (context != nullptr) redisFree(context);
  return good;
}

}  // namespace

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket, generic, size), 0);
  EXPECT_EQ(::getsockname(socket, generic, &size), 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

Connection::Connection(const std::string& host, int port)
    : context_(redisConnect(host.c_str(), port)) {
  EXPECT_TRUE(context_ && context_->err == 0) << "no connection to Redis";
}

void Connection::append(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(),
                         sizes.data());
}

Reply Connection::reply() {
  void* reply = nullptr;
  EXPECT_EQ(redisGetReply(context_.get(), &reply), REDIS_OK) << context_->errstr;
  return Reply(static_cast<redisReply*>(reply));
}

Reply Connection::call(const std::vector<std::string>& words) {
  append(words);
  return reply();
}

std::vector<Reply> Connection::call_all(const std::vector<std::vector<std::string>>& calls) {
  for (const auto& words : calls) append(words);
  std::vector<Reply> replies;
  for (std::size_t i = 0; i < calls.size(); ++i) replies.push_back(reply());
  return replies;
}

std::string Connection::text(const std::vector<std::string>& words) {
  const Reply reply = call(words);
  if (!reply) return "error: no connection";
  if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
  if (reply->str == nullptr) return {};
  const std::string text(reply->str, reply->len);
  return reply->type == REDIS_REPLY_ERROR ? "error: " + text : text;
}

RedisServer::RedisServer(std::vector<std::string> options) : options_(std::move(options)) {
  std::string name = (std::filesystem::temp_directory_path() / "dibs-redis-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
  directory_ = name;
  port_ = free_port();
  start();
}

RedisServer::~RedisServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void RedisServer::start() {
  const char* const other = std::getenv("DIBS_REDIS_SERVER");
  std::vector<std::string> words{other == nullptr ? "redis-server" : other,
                                 "--bind",
                                 host_,
                                 "--port",
                                 std::to_string(port_),
                                 "--dir",
                                 directory_,
                                 "--save",
                                 "",
                                 "--logfile",
                                 directory_ + "/log",
                                 "--appendonly",
                                 "no",
                                 "--daemonize",
                                 "no"};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  pid_ = ::fork();
  if (pid_ == 0) {
    // The server must not outlive a test that is killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, STDOUT_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  for (int i = 0; i < kTries; ++i) {
    if (answers(host_, port_)) return;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
  ADD_FAILURE() << "redis-server does not answer: is it installed? (scripts/setup)";
}

void RedisServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::freeze() const { ::kill(pid_, SIGSTOP); }
void RedisServer::thaw() const { ::kill(pid_, SIGCONT); }

}  // namespace dibs::redis
