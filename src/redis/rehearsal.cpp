#include "redis/rehearsal.h"

#include <algorithm>

#include "redis/call.h"
#include "redis/fields.h"

namespace dibs::redis {
namespace {

constexpr std::uint64_t kEventsACall = 512;

std::unexpected<Fault> events_missing(const SaleId& sale, Seq seq) {
  return fault(FaultKind::corrupt,
               "Event " + std::to_string(seq.value()) + " of sale " + sale.value() +
                   " is not in Redis, and no snapshot stands for it.",
               "Stop selling it, and find newer data (docs/OPERATING.md).");
}

/// The place in the chain, moved on over the sale's events; with `state`, that too.
Result<void> follow(Link& link, const RehearsalOf& of, Seq upto, SnapshotPlace& place,
                    sale::Sale* state) {
  while (place.seq() < upto) {
    if (of.stop) {
      return fault(FaultKind::unavailable, "The server is stopping.", "Start it again.");
    }
    const std::uint64_t from = place.seq().next().value();
    const std::uint64_t to = std::min(upto.value(), from + kEventsACall - 1);
    auto read = link.call(
        {"XRANGE", events_key(of.sale), std::to_string(from) + "-0", std::to_string(to) + "-0"},
        [&](const redisReply& reply) -> Result<void> {
          if (reply.type == REDIS_REPLY_ERROR) {
            return fault(FaultKind::unavailable,
                         "Redis refuses XRANGE: " + std::string(reply.str, reply.len),
                         "Let this user call it.");
          }
          for (const redisReply* entry : elements(reply)) {
            auto event = decode_event(*entry);
            if (!event) return std::unexpected(event.error());
            if (event->seq != place.seq().next()) break;
            if (state != nullptr) {
              if (auto folded = state->replay(*event); !folded) return folded;
            }
            place.previous = place.hash;
            place.hash = store::chain_hash(place.previous, of.sale, *event);
            place.last = *std::move(event);
          }
          return {};
        });
    if (!read) return read;
    if (place.seq().value() < from) return events_missing(of.sale, Seq(from));
  }
  return {};
}

/// Events are cut because of it: it has been seen to load.
Result<Rehearsed> proven(const SaleId& sale, Rehearsed made) {
  const auto loaded = sale::Sale::load(sale, made.bytes);
  if (!loaded) return std::unexpected(loaded.error());
  return made;
}

/// From the replica that sells: it waits while that is packed, so only where nothing else is left.
Result<Rehearsed> from_live(Link& link, const RehearsalOf& of) {
  auto live = of.save_live ? of.save_live(of.sale) : std::nullopt;
  if (!live || live->first < of.pointer->place.seq()) {
    return fault(FaultKind::unavailable, "The sale is not here to write a snapshot of.",
                 "It is tried again by itself.");
  }
  Rehearsed made{.place = of.pointer->place, .bytes = std::move(live->second)};
  if (auto read = follow(link, of, live->first, made.place, nullptr); !read) {
    return std::unexpected(read.error());
  }
  return proven(of.sale, std::move(made));
}

}  // namespace

Result<Rehearsed> rehearse(Link& link, const RehearsalOf& of) {
  if (of.pointer != nullptr && of.pointer->damaged) return from_live(link, of);
  Rehearsed made;
  made.place.epoch = of.epoch;
  sale::Sale state(of.sale);
  if (of.pointer != nullptr) {
    auto snapshot = read_snapshot(link, of.sale, of.stop);
    if (!snapshot && snapshot.error().kind == FaultKind::corrupt) return from_live(link, of);
    if (!snapshot) return std::unexpected(snapshot.error());
    if (*snapshot && (*snapshot)->place.epoch == of.epoch) {
      made.place = std::move((*snapshot)->place);
      state = std::move((*snapshot)->state);
    }
  }
  if (auto read = follow(link, of, of.upto, made.place, &state); !read) {
    return std::unexpected(read.error());
  }
  state.save(made.bytes);
  return proven(of.sale, std::move(made));
}

}  // namespace dibs::redis
