#include "events/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/fd.h"

namespace dibs::events {
namespace {

/// The call that failed, as errno says why; empty: none.
std::string write_durably(const std::string& path, const std::string& text) {
  constexpr int kMode = 0600;
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (!file.valid()) return "open";
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(file.get(), text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return "write";
    done += static_cast<std::size_t>(wrote);
  }
  return ::fsync(file.get()) == 0 ? "" : "fsync";
}

}  // namespace

Result<void> replace_file(const std::string& path, const std::string& text,
                          const std::string& remedy) {
  const auto failed = [&](const std::string& call, const std::string& where) {
    return fault(FaultKind::unavailable,
                 call + " of " + where + " failed: " + std::strerror(errno) + ".", remedy);
  };
  const std::string fresh = path + ".tmp";
  // Durable under another name first, so that a crash leaves the old file or the new one.
  if (const std::string call = write_durably(fresh, text); !call.empty()) {
    return failed(call, fresh);
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return failed("rename", fresh);
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0) return failed("fsync", directory);
  return {};
}

}  // namespace dibs::events
