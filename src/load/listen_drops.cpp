#include "load/listen_drops.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/fd.h"
#include "load/proc.h"

// The counters of single sockets come from the kernel's sock_diag, the way `ss -m` reads them:
// one request for all listening sockets of a family, answered by a list of messages, each with a
// block of attributes behind it.

namespace dibs::load {
namespace {

struct DiagRequest {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

[[nodiscard]] DiagRequest listening_sockets(int family) {
  DiagRequest request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = static_cast<std::uint8_t>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_ext = 1U << (INET_DIAG_SKMEMINFO - 1);
  request.body.idiag_states = 1U << TCP_LISTEN;
  return request;
}

/// The drops in the attributes of one message, `size` bytes at `bytes`.
[[nodiscard]] std::uint64_t drops_in(const char* bytes, std::size_t size) {
  rtattr attribute{};
  while (size >= sizeof attribute) {
    std::memcpy(&attribute, bytes, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > size) return 0;
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    if (attribute.rta_type == INET_DIAG_SKMEMINFO &&
        attribute.rta_len >= RTA_LENGTH(sizeof memory)) {
      std::memcpy(memory.data(), bytes + RTA_LENGTH(0), sizeof memory);
      return memory[SK_MEMINFO_DROPS];
    }
    const std::size_t step = RTA_ALIGN(attribute.rta_len);
    if (step >= size) return 0;
    bytes += step;
    size -= step;
  }
  return 0;
}

/// Adds one message's socket when it listens on `port`.
void add_socket(const char* message, std::size_t size, std::uint16_t port,
                std::optional<std::uint64_t>& sum) {
  inet_diag_msg socket{};
  constexpr std::size_t kBody = NLMSG_ALIGN(sizeof socket);
  if (size < kBody) return;
  std::memcpy(&socket, message, sizeof socket);
  if (ntohs(socket.id.idiag_sport) != port) return;
  sum = sum.value_or(0) + drops_in(message + kBody, size - kBody);
}

/// False at the end of the list, or when it cannot be read further.
[[nodiscard]] bool add_messages(const char* bytes, std::size_t size, std::uint16_t port,
                                std::optional<std::uint64_t>& sum) {
  nlmsghdr header{};
  while (size >= sizeof header) {
    std::memcpy(&header, bytes, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size) return false;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) return false;
    add_socket(bytes + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN, port, sum);
    const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), size);
    bytes += step;
    size -= step;
  }
  return true;
}

void add_family(const Fd& netlink, int family, std::uint16_t port,
                std::optional<std::uint64_t>& sum) {
  const DiagRequest request = listening_sockets(family);
  if (send(netlink.get(), &request, sizeof request, 0) < 0) return;
  std::array<char, std::size_t{32} * 1024> buffer{};
  while (true) {
    const ssize_t size = recv(netlink.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return;
    if (!add_messages(buffer.data(), static_cast<std::size_t>(size), port, sum)) return;
  }
}

}  // namespace

ListenDrops read_listen_drops(std::uint16_t port) {
  ListenDrops out;
  const std::string table = proc::read_file("/proc/net/netstat");
  out.overflows = proc::netstat_value(table, "ListenOverflows");
  out.drops = proc::netstat_value(table, "ListenDrops");
  const Fd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink.valid()) return out;
  const timeval patience{1, 0};
  setsockopt(netlink.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (const int family : {AF_INET, AF_INET6}) add_family(netlink, family, port, out.own);
  return out;
}

std::optional<Sentence> dropped_between(const ListenDrops& before, const ListenDrops& after) {
  if (before.own && after.own) {
    if (*after.own == *before.own) return std::nullopt;
    const std::string count = std::to_string(*after.own - *before.own);
    return Sentence{"The kernel dropped " + count + " connections before the server saw them.",
                    "서버가 보기 전에 커널이 연결 " + count + "개를 버렸습니다."};
  }
  const std::uint64_t overflows = after.overflows - before.overflows;
  const std::uint64_t drops = after.drops - before.drops;
  if (overflows == 0 && drops == 0) return std::nullopt;
  const std::string growth =
      "ListenOverflows +" + std::to_string(overflows) + ", ListenDrops +" + std::to_string(drops);
  return Sentence{"The kernel dropped connections on this machine (" + growth + ").",
                  "이 컴퓨터의 커널이 연결을 버렸습니다 (" + growth + ")."};
}

}  // namespace dibs::load
