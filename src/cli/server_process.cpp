#include "cli/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <thread>
#include <utility>

namespace dibs::cli {
namespace {

/// What `dibs serve` prints, then the address and a line end, once it accepts connections.
constexpr std::string_view kListening = "listening on http://";
constexpr Duration kStartPatience = std::chrono::seconds(30);

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::ranges::any_of(
        added, [&](const std::string& other) { return other.starts_with(name); });
    // A setting of the operator's own server must not reach this private one.
    if (!replaced && !name.starts_with("DIBS_")) all.emplace_back(text);
  }
  return all;
}

/// Reads lines until the address is told, the child ends, or patience runs out.
Result<std::string> read_address(int output) {
  std::string said;
  const auto deadline = system_clock().monotonic() + kStartPatience;
  while (system_clock().monotonic() < deadline) {
    pollfd ready{output, POLLIN, 0};
    if (poll(&ready, 1, 100) <= 0) continue;
    std::array<char, 4096> chunk{};
    const auto got = read(output, chunk.data(), chunk.size());
    if (got <= 0) break;
    said.append(chunk.data(), static_cast<std::size_t>(got));
    const auto start = said.find(kListening);
    if (start == std::string::npos) continue;
    const auto from = start + kListening.size();
    const auto end = said.find_first_of(" \n", from);
    if (end != std::string::npos) return said.substr(from, end - from);
  }
  return fault(FaultKind::unavailable, "The server did not start.",
               said.empty() ? "Its message stands above." : said);
}

}  // namespace

Result<ServerProcess> ServerProcess::start(const std::vector<std::string>& arguments,
                                           const std::vector<std::string>& environment,
                                           const std::string& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fault(FaultKind::unavailable, std::string("No pipe: ") + std::strerror(errno) + ".",
                 "Raise the limit on open files (ulimit -n).");
  }
  std::vector<std::string> argv = {"dibs", command};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const auto env = merged_environment(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, pointers(argv).data(),
                                 pointers(env).data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed != 0) {
    close(ends[0]);
    return fault(FaultKind::unavailable,
                 std::string("The server could not be started: ") + std::strerror(failed) + ".",
                 "Check memory and process limits.");
  }
  ServerProcess process(pid, ends[0]);
  auto address = read_address(ends[0]);
  if (!address) return std::unexpected(address.error());
  process.address_ = *address;
  return process;
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      address_(std::move(other.address_)) {}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) close(output_);
}

bool ServerProcess::stop(Duration patience) {
  if (pid_ <= 0) return false;
  kill(pid_, SIGTERM);
  const auto deadline = system_clock().monotonic() + patience;
  while (system_clock().monotonic() < deadline) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

Result<TemporaryDirectory> TemporaryDirectory::make() {
  std::error_code error;
  std::string path = (std::filesystem::temp_directory_path(error) / "dibs-XXXXXX").string();
  if (error || mkdtemp(path.data()) == nullptr) {
    return fault(FaultKind::unavailable, "No temporary directory can be made.",
                 "Check TMPDIR and the space there.");
  }
  return TemporaryDirectory(path);
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // a leftover directory below the temporary one does no harm
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace dibs::cli
