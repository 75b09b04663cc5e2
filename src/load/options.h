#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace dibs::load {

enum class Language : std::uint8_t { english, korean };

/// Where a gateway listens.
struct Address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
};

inline constexpr std::uint32_t kGatewaysMax = 16;

/// How the buyers prove who they are.
struct Credentials {
  enum class Kind : std::uint8_t {
    demo,  ///< `Dibs-Buyer` alone: `dibs serve --insecure-demo`
    shop,  ///< the shop's key in `secret`, and `Dibs-Buyer`
    jwt,   ///< a token a buyer, signed before the run with `secret` (HS256) or a PEM key in it
  };
  Kind kind = Kind::demo;
  std::string secret;
  std::string audience;  ///< `aud` of the tokens
};

/// When the presses are sent.
enum class Pacing : std::uint8_t {
  at_once,      ///< all due at the first moment; a connection takes the next when it is free
  rate,         ///< open loop: number i is due i / per_second after the first
  known_order,  ///< one sender, one press strictly after another, each on a connection of its
                ///< own that was open and idle; every second one in two segments
};

/// Less than the 15,000 that a server takes: what the tool opens beside the crowd's, and what the
/// server keeps back for operators, must fit too.
inline constexpr std::uint32_t kConnectionsMax = 14'900;
/// In a known order each press has a connection of its own, and what follows it has 64 more.
inline constexpr std::uint32_t kKnownOrderMax = 14'800;
inline constexpr std::uint32_t kBuyersMax = 10'000'000;
inline constexpr double kRateMax = 1e9;  ///< presses a second

/// A counter of the server that must stay as it is.
struct ZeroCounter {
  std::string name;
  std::string english;  ///< what it counts
  std::string korean;
};
[[nodiscard]] std::vector<ZeroCounter> default_zero_counters();

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  /// More gateways of the same sale; the one above is number 0. A buyer keeps to one of them.
  std::vector<Address> further;
  /// Each gateway numbers and counts only what it has sold itself: the designs of the past, whose
  /// orders lie in the memory of one server.
  bool books_apart = false;
  std::string operator_token;  ///< reads a stock that the sale hides from the public
  std::string sale;
  std::string sku;                     ///< empty: the sale's first item
  std::optional<std::uint64_t> stock;  ///< when the sale hides its stock, without operator_token
  std::string strategy = "load";       ///< name of what is measured, for the reports

  std::uint32_t buyers = 10'000;      ///< 1 to kBuyersMax
  std::uint32_t connections = 1'000;  ///< opened before the first press; 1 to kConnectionsMax
  Pacing pacing = Pacing::at_once;
  double per_second = 0;                 ///< with Pacing::rate
  bool new_connections = false;          ///< a new one for each request instead of the pool
  std::uint32_t unanswered_max = 2'000;  ///< with new_connections: at most so many at a time

  double entry_failure = 0.2;    ///< share of the buyers that ask for the sale and leave
  double payment_failure = 0.2;  ///< share of the others whose payment is declined
  Credentials credentials;
  std::string buyer_prefix = "b-";  ///< buyer number i is called prefix + i
  std::uint64_t seed = 1;           ///< of the draw of who leaves and whose payment fails

  Duration patience = std::chrono::seconds(30);  ///< without any change, then the run is over
  /// The gateways' processes on this machine: their CPU and memory are sampled and added up.
  std::vector<pid_t> servers;
  std::optional<pid_t> redis;
  /// Counters on /metrics that must not grow during a run, with what it means when they do.
  std::vector<ZeroCounter> zero_counters = default_zero_counters();
  bool refusals_allowed = false;  ///< 429 and 503 break no promise: this is no rush

  /// The order's `reference` is the token of its payment: tells a store that pays inside the buy,
  /// as no product does, how that payment ends.
  bool token_in_reference = false;
  bool replays = true;  ///< false: keys promise nothing, and nobody presses again with a used one
  /// Since the first press; then the run is over, and whoever was accepted and is not final is
  /// stranded.
  std::optional<Duration> time_limit;

  [[nodiscard]] std::uint32_t gateways() const {
    return static_cast<std::uint32_t>(further.size()) + 1;
  }
  /// Buyers are spread round robin.
  [[nodiscard]] std::uint32_t gateway_of(std::uint32_t buyer) const { return buyer % gateways(); }
};

/// `HOST:PORT` as it stands in an address and in the header Host.
[[nodiscard]] std::string authority(const Options& options);

/// How far a run has come.
struct Progress {
  std::uint64_t buyers = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;  ///< buyers who have a first answer
  std::uint64_t finished = 0;
  std::uint64_t paid = 0;
  Duration elapsed{};
  bool over = false;  ///< nothing more will be told
};

/// Called about ten times a second on the thread that sends the presses: it must be quick.
using ProgressListener = std::function<void(const Progress&)>;

}  // namespace dibs::load
