#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "redis/library.h"
#include "sale/codes.h"
#include "sale/command.h"
#include "sale/event.h"

struct redisReply;  // NOLINT(readability-identifier-naming): of hiredis

/// The words of calls to the Lua functions, and what their replies say. Pure: nothing here talks
/// to a server. Safe to call from any thread.
///
/// Instants on Redis are whole microseconds: what is finer is rounded down.
namespace dibs::redis {

/// The most commands that one call takes.
inline constexpr std::size_t kCommandsPerCall = 512;
/// A call answers at most so many events that others have made; further back, XRANGE gives them.
inline constexpr std::size_t kForeignEventsPerCall = 256;

struct BatchContext {
  SaleId sale{};
  /// The sale's epoch as this gateway knows it; empty: it knows none yet, and takes any.
  std::string epoch{};
  /// Random, at most 64 visible characters: becomes the sale's epoch if a Put creates its data.
  std::string fresh_epoch{};
  /// The last event that this gateway has folded in: it is answered those after it.
  Seq known{};
  /// The highest seq that this gateway (or a ledger, or Kafka) has ever seen of the sale.
  Seq min_seq{};
  /// Nothing: the server's own clock. Tests say what time it is.
  std::optional<Instant> now{};
  /// No call for longer than this means that all gateways were away: a Restart of that downtime
  /// comes first, if anybody holds or waits. Gateways call more often while anybody does. 0: never.
  Duration away_after = std::chrono::seconds(2);
  /// The call writes in any case. A WAIT waits for what its own connection has written, and newer
  /// servers then for nothing at all if that is nothing: see Promise::replica.
  bool writes = false;
};

/// The nine keys of a sale, in the order in which the functions take them; all of one hash slot.
[[nodiscard]] std::vector<std::string> keys_of(const SaleId& sale);
/// The stream of the sale's events: one entry an event, `<seq>-0`; decode_event reads it.
[[nodiscard]] std::string events_key(const SaleId& sale);
/// The stream of numbered requests: one entry a call, `<first arrival>-0`; decode_arrivals.
[[nodiscard]] std::string arrivals_key(const SaleId& sale);

/// FCALL of `apply`: what is due at each command's moment, then the command, one after another; at
/// most kCommandsPerCall. No commands: only what is due, and how far the sale is. `arrival` of
/// a Buy is ignored (the function numbers); `order` must be fresh random bits.
[[nodiscard]] std::vector<std::string> words_of(const Library& library, const BatchContext& context,
                                                std::span<const sale::Command* const> commands);
/// FCALL_RO of `look`: epoch, seq and the next due moment, without doing anything. parse() reads
/// its reply too: no results, no events.
[[nodiscard]] std::vector<std::string> words_of_look(const Library& library,
                                                     const BatchContext& context);

/// What one command came to.
struct Applied {
  /// False: too much was due before it. Nothing of it has happened; send it again, first.
  bool reached = false;
  sale::Code code = sale::Code::ok;
  Arrival arrival;                  ///< 0: not numbered
  bool replayed = false;            ///< as Outcome::replayed
  bool created = false;             ///< Put: the sale did not exist
  std::optional<OrderKey> order{};  ///< Outcome::order, as it is at `seq`
  std::optional<Instant> opens_at{};
  Instant now;  ///< the sale's time at which it was decided
  std::string detail{};
  Seq seq;  ///< the state right after this command: fold events up to here, then make views
};

struct BatchResult {
  /// The store is not the one, or not as far, as the gateway knows. Nothing has changed; nothing
  /// below but epoch and seq is filled in.
  bool fenced = false;
  std::string why_fenced;  ///< a sentence for an operator
  std::string epoch;       ///< of the sale's data; empty: there are none
  Seq first;               ///< of `events`; seq + 1 when there are none
  Seq seq;                 ///< of the sale now
  Instant now;             ///< the server's clock
  std::optional<Instant> next_due;
  std::vector<Applied> results;     ///< one a command, those not reached last
  std::vector<sale::Event> events;  ///< from `first` to `seq`, without a gap
  /// `first` is known + 1. Otherwise XRANGE from known + 1 to first - 1 gives what is missing.
  bool events_complete = true;
};

/// What a reply to the words above says, given the context's `known` and how many commands there
/// were (look: 0). A server that answered an error has changed nothing: an error comes before the
/// first write. Fails as
/// - `not_found`: the functions must be loaded; the same call may then succeed;
/// - `corrupt`: a stream is ahead of the sale's figures (the sale must stop, as when fenced), or
///   the reply is not one of these functions';
/// - `unavailable`: any other error (no memory, loading, a replica), with its text.
[[nodiscard]] Result<BatchResult> parse(const redisReply& reply, Seq known, std::size_t commands);

/// One entry of the stream of events, `[id, [field, value, …]]` as XRANGE answers it.
[[nodiscard]] Result<sale::Event> decode_event(const redisReply& entry);

/// One numbered request, as the stream of arrivals keeps it (store::ArrivalRecord has the same).
struct NumberedRequest {
  Arrival arrival;
  Instant received;
  BuyerId buyer;
  sale::Code code = sale::Code::ok;
  std::optional<OrderKey> order;  ///< when accepted
};
/// One entry of the stream of arrivals, in order of arrival.
[[nodiscard]] Result<std::vector<NumberedRequest>> decode_arrivals(const redisReply& entry);

}  // namespace dibs::redis
