#include "cli/loopback.h"

#include <arpa/inet.h>

#include <cstdint>

namespace dibs::cli {

bool is_loopback(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  in_addr number{};
  constexpr std::uint32_t kLoopbackNet = 127;
  return ::inet_pton(AF_INET, host.c_str(), &number) == 1 &&
         ntohl(number.s_addr) >> 24U == kLoopbackNet;
}

}  // namespace dibs::cli
