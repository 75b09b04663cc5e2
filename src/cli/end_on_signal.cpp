#include "cli/end_on_signal.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace dibs::cli {
namespace {

constexpr timespec kLookAgain{0, 100'000'000};  ///< whether the object is going
constexpr int kSignalStatus = 128;              ///< a shell's way to say which signal it was

sigset_t end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

EndOnSignal::EndOnSignal(std::string directory) : directory_(std::move(directory)) {
  const sigset_t signals = end_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { wait(); });
}

EndOnSignal::~EndOnSignal() {
  over_ = true;
  thread_.join();
  const sigset_t signals = end_signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void EndOnSignal::kill_first(std::vector<pid_t> children) {
  const std::lock_guard lock(mutex_);
  children_ = std::move(children);
}

void EndOnSignal::wait() {
  const sigset_t signals = end_signals();
  while (!over_) {
    const int number = sigtimedwait(&signals, nullptr, &kLookAgain);
    if (number < 0) continue;
    const std::lock_guard lock(mutex_);
    for (const pid_t child : children_) kill(child, SIGKILL);
    for (const pid_t child : children_) waitpid(child, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
    std::_Exit(kSignalStatus + number);
  }
}

}  // namespace dibs::cli
