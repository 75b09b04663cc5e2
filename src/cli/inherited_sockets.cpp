#include "cli/inherited_sockets.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>

#include "http/sockets.h"

namespace dibs::cli {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr int kDescriptorsMax = 128;
constexpr std::string_view kOperatorName = "operator";

/// The number in an environment variable; nothing when it is unset or no number.
std::optional<int> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  int value = 0;
  const char* const last = text + std::strlen(text);
  const auto [end, error] = std::from_chars(text, last, value);
  return error == std::errc() && end == last ? std::optional(value) : std::nullopt;
}

/// The names of `count` sockets; those that were given none have an empty one.
std::vector<std::string> socket_names(std::size_t count) {
  const char* listed = std::getenv("LISTEN_FDNAMES");
  std::istringstream in(listed != nullptr ? listed : "");
  std::vector<std::string> names;
  for (std::string name; std::getline(in, name, ':');) names.push_back(name);
  names.resize(count);
  return names;
}

Result<void> check_one_address(const std::vector<Fd>& sockets, const std::string& whose) {
  if (sockets.empty()) return {};
  const std::string first = http::local_address(sockets.front());
  const auto other = std::ranges::find_if_not(
      sockets, [&](const Fd& socket) { return http::local_address(socket) == first; });
  if (other == sockets.end()) return {};
  return fault(FaultKind::bad_input,
               "The inherited sockets for " + whose + " listen at " + first + " and at " +
                   http::local_address(*other) + ".",
               "Give one address; the socket for operators has FileDescriptorName=operator.");
}

void forget_variables() {
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(variable);
}

}  // namespace

Result<InheritedSockets> take_inherited_sockets() {
  InheritedSockets taken;
  if (number_in("LISTEN_PID") != ::getpid()) return taken;  // meant for another process
  const int count = number_in("LISTEN_FDS").value_or(0);
  if (count < 0 || count > kDescriptorsMax)
    return fault(FaultKind::bad_input, "LISTEN_FDS is no number of sockets.",
                 "Start it from a systemd .socket unit, or leave the variable out.");
  const std::vector<std::string> names = socket_names(static_cast<std::size_t>(count));
  const bool named = std::ranges::find(names, kOperatorName) != names.end();
  forget_variables();
  std::string first_address;
  for (int i = 0; i < count; ++i) {
    Fd socket(kFirstDescriptor + i);
    if (::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0)
      return fault(FaultKind::bad_input,
                   "LISTEN_FDS promises descriptor " + std::to_string(socket.get()) +
                       ", and it is not open.",
                   "Start it from a systemd .socket unit, or leave the variable out.");
    const std::string address = http::local_address(socket);
    if (first_address.empty()) first_address = address;
    const bool for_operators =
        named ? names[static_cast<std::size_t>(i)] == kOperatorName : address != first_address;
    (for_operators ? taken.operators : taken.buyers).push_back(std::move(socket));
  }
  if (auto one = check_one_address(taken.buyers, "buyers"); !one)
    return std::unexpected(one.error());
  if (auto one = check_one_address(taken.operators, "operators"); !one)
    return std::unexpected(one.error());
  return taken;
}

std::optional<std::string> fit_to(const InheritedSockets& sockets, ServeOptions& options) {
  if (!sockets.operators.empty()) {
    options.operator_listen = http::local_address(sockets.operators.front());
  }
  if (sockets.buyers.empty()) return std::nullopt;
  options.listen = http::local_address(sockets.buyers.front());
  const auto loops = static_cast<std::uint32_t>(sockets.buyers.size());
  const std::uint32_t asked = ingress_loops(options);
  options.ingress = loops;
  if (asked == loops) return std::nullopt;
  std::string words = std::to_string(loops) + " ingress loop" + (loops == 1 ? "" : "s") +
                      " instead of " + std::to_string(asked) +
                      ": each reads from an inherited socket of its own";
  return words;
}

}  // namespace dibs::cli
