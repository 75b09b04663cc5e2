#include "cli/redis_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "baselines/redis.h"

namespace dibs::cli {
namespace {

constexpr const char* kRedisHost = "127.0.0.1";
constexpr int kNoSuchProgram = 127;  ///< as a shell would say it
constexpr int kStartTries = 500;     ///< 5 s
constexpr auto kBetweenStartTries = std::chrono::milliseconds(10);
constexpr int kPortTries = 3;

/// A port that nobody has now. Somebody else may take it before Redis does: then another is tried.
std::uint16_t free_port() {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket.get(), generic, size) != 0 || getsockname(socket.get(), generic, &size) != 0) {
    return 0;
  }
  return ntohs(address.sin_port);
}

std::vector<std::string> words_of(const std::string& directory, RedisProcess::Keeps keeps,
                                  std::uint16_t port) {
  const bool every = keeps == RedisProcess::Keeps::every_write;
  return {"redis-server",
          "--bind",
          kRedisHost,
          "--port",
          std::to_string(port),
          "--dir",
          directory,
          "--logfile",
          directory + "/redis.log",
          "--save",
          "",
          "--daemonize",
          "no",
          "--appendonly",
          every ? "yes" : "no",
          "--appendfsync",
          "always"};
}

/// Only calls that are safe between fork and exec: other threads may hold locks.
[[noreturn]] void become(char* const* arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  execvp(arguments[0], arguments);
  _exit(kNoSuchProgram);
}

std::string last_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::string last;
  while (std::getline(in, line)) last = line;
  return last.empty() ? "Try to start redis-server by hand." : last;
}

}  // namespace

Result<RedisProcess> RedisProcess::start(const std::string& directory, Keeps keeps) {
  for (int attempt = 0; attempt < kPortTries; ++attempt) {
    const std::uint16_t port = free_port();
    auto words = words_of(directory, keeps, port);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t pid = fork();
    if (pid == 0) become(arguments.data());
    if (pid < 0) break;
    RedisProcess process(pid, port);
    for (int i = 0; i < kStartTries; ++i) {
      auto redis = baselines::Redis::open(kRedisHost, port);
      if (redis && redis->done({"PING"})) return process;
      int status = 0;
      if (waitpid(pid, &status, WNOHANG) == pid) {
        process.pid_ = -1;
        if (WIFEXITED(status) && WEXITSTATUS(status) == kNoSuchProgram) {
          return fault(FaultKind::unavailable, "redis-server is not installed.",
                       "Install Debian's redis-server (scripts/setup does it), or compare only "
                       "what needs none: --strategies engine.");
        }
        break;
      }
      std::this_thread::sleep_for(kBetweenStartTries);
    }
  }
  return fault(FaultKind::unavailable, "redis-server did not start.",
               last_line(directory + "/redis.log"));
}

RedisProcess::RedisProcess(RedisProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), port_(other.port_) {}

RedisProcess::~RedisProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);  // nothing of it is kept
  waitpid(pid_, nullptr, 0);
}

}  // namespace dibs::cli
