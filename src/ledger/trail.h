#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/applier.h"
#include "store/event_feed.h"

namespace dibs::ledger {

/// Reads a feed on from where a ledger is, and gives each event its place in its sale's chain. The
/// chain goes on from the hashes that the ledger holds, after the feed has shown that the event
/// behind each hash is its own. Not thread-safe; reads files.
class Trail {
 public:
  explicit Trail(const store::EventFeed& feed) : feed_(feed) {}

  /// Takes up where the ledger is. Fails as `corrupt` when the ledger has followed this feed
  /// further than the feed goes.
  [[nodiscard]] Result<void> take_up(Applier& applier);
  [[nodiscard]] bool taken_up() const { return reader_ != nullptr; }
  /// The next call takes up anew.
  void let_go() { reader_.reset(); }

  struct Piece {
    std::vector<Delivered> events;
    /// Once these are applied; nothing where each sale has a log of its own.
    std::optional<Progress> progress;
    bool caught_up = false;  ///< all that was durable has been given
  };
  /// The events that follow, at most `limit`. Those of stopped sales are left
  /// out. Until a piece is applied, the next must not be asked for.
  [[nodiscard]] Result<Piece> next(std::size_t limit);

  /// Nothing more of `sale` is given.
  void stop(const SaleId& sale, std::string why) { heads_[sale].stopped = std::move(why); }
  /// The last event of each sale that has been given, or was applied before.
  [[nodiscard]] std::map<SaleId, Seq> reached() const;
  /// Why sales have stopped, in words that name them.
  [[nodiscard]] std::map<SaleId, std::string> stopped() const;

 private:
  /// The last event of a sale that has been given.
  struct Head {
    Seq seq;
    events::ChainHash hash{};
    events::ChainHash previous{};
    Position position;
    bool seen = true;  ///< the feed has this event
    std::string epoch;
    bool test = false;
    std::string stopped;
  };
  [[nodiscard]] Result<void> give(store::FedEvent fed, Piece& piece);
  /// Reads the first of the arrears on, and ends it where it has caught up.
  [[nodiscard]] Result<void> read_arrears(std::size_t limit, Piece& piece);
  /// Holds an event of the arrears against the head; false: there is nothing more to read.
  [[nodiscard]] bool follows(const SaleId& sale, Head& head, store::FedEvent fed, Piece& piece);
  void link(store::FedEvent fed, Head& head, Piece& piece);

  [[nodiscard]] Result<void> name_source();
  [[nodiscard]] Result<void> take_head(const SaleId& sale, const AppliedRow& row);

  const store::EventFeed& feed_;
  std::unique_ptr<store::EventReader> reader_;
  std::string source_;  ///< the name of the one log of all sales; empty: none, or no event yet
  Position position_;   ///< given up to here
  Position safe_;       ///< the same as it was when there were no arrears
  std::map<SaleId, Head> heads_;
  /// Sales to be read for themselves from their heads: had stopped before this start, or their
  /// events do not follow the head as it is known.
  std::set<SaleId> arrears_;
  std::unique_ptr<store::EventReader> arrears_reader_;  ///< of the first of them
};

}  // namespace dibs::ledger
