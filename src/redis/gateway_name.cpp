#include "redis/gateway_name.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "redis/names.h"
#include "store/random_keys.h"

namespace dibs::redis {
namespace {

std::unexpected<Fault> unusable_name(const std::string& path, const std::string& why) {
  return fault(FaultKind::bad_input, "The file " + path + " " + why + ".",
               "It names this gateway to the others; the data directory must be writable.");
}

/// Durable before it is used: followers are noted in Redis under this name.
bool write_name(const std::string& path, const std::string& name) {
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = ::write(fd, name.data(), name.size()) == static_cast<ssize_t>(name.size()) &&
                       ::fdatasync(fd) == 0;
  ::close(fd);
  return written && std::rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace

Result<std::string> gateway_name(const std::string& directory) {
  const std::string path = directory + "/redis.gateway";
  std::string name;
  if (std::ifstream in(path); in >> name) {
    if (order_key(name)) return name;
    return unusable_name(path, "is damaged; take it away and this gateway gets another name");
  }
  store::RandomKeys random;
  name = order_word(random.next());
  if (write_name(path, name + "\n")) return name;
  return unusable_name(path, std::string("cannot be written: ") + std::strerror(errno));
}

}  // namespace dibs::redis
