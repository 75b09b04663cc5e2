#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "redis/link.h"
#include "redis/published.h"
#include "redis/snapshot.h"
#include "redis/trim.h"
#include "store/event_feed.h"

namespace dibs::redis {

/// Cuts the events of sales that everybody is done with, and writes the snapshots that stand for
/// them; on a thread of its own, over connections of its own, so that buyers wait for none of it.
///
///     stream  1 ······ cut │ kept: margin, lag of followers │ since the snapshot │ newest
///                          └─ at most right before ─> snapshot, followers
///
/// **Order.** A snapshot is written, read back and pointed to before anything up to it is cut, and
/// a follower's place is noted in Redis in the call that cuts: whatever part of it a kill leaves
/// undone, events that no snapshot stands for, or that a noted follower needs, are there.
/// **Several gateways** may do it at once: what one has done, the other finds done.
class Trimmer {
 public:
  Trimmer(TrimOptions options, Duration patience, const Published& published);
  Trimmer(const Trimmer&) = delete;
  Trimmer& operator=(const Trimmer&) = delete;
  ~Trimmer() { stop(); }

  /// Before start(). `ledger …` and `kafka …` keep what is cut for good, and without one of them
  /// nothing is. Called on this object's thread.
  void add_follower(std::string name, store::DoneUpto done_upto) {
    followers_.emplace_back(std::move(name), std::move(done_upto));
  }
  /// Before start(). Tells this gateway's followers from those of others that have the same name.
  void set_gateway(std::string id) { gateway_ = std::move(id); }
  void set_on_warning(std::function<void(const std::string&)> warn) { warn_ = std::move(warn); }
  /// The state of the live replica, right behind the event that it gives: for when the snapshot in
  /// Redis cannot be read.
  using SaveLive = std::function<std::optional<std::pair<Seq, std::string>>(const SaleId&)>;
  void set_save_live(SaveLive save) { save_live_ = std::move(save); }

  void start();
  void stop();

  /// Any thread.
  [[nodiscard]] std::vector<TrimState> states() const;

 private:
  /// One sale, as of the last pass.
  struct Trimmed {
    std::deque<std::pair<Duration, Seq>> marks;  ///< when the sale was how far
    bool noted = false;                          ///< the place of each follower has been noted once
    bool looked = false;                         ///< `pointer` is what Redis said
    std::optional<SnapshotPointer> pointer{};
    Seq first{};
    Seq upto{};
    std::string why;
    std::string told;       ///< the trouble that was told last
    std::string told_held;  ///< the follower that was named last
  };

  void run();
  void pass();
  [[nodiscard]] Result<void> tend(const SaleId& sale, const Published::Place& place, Trimmed& one);
  [[nodiscard]] Result<void> cut(Link& link, const SaleId& sale, const Published::Place& place,
                                 Trimmed& one);
  /// `all_known`: every follower of this gateway has said where it is.
  [[nodiscard]] std::vector<std::string> words_of_trim(const SaleId& sale,
                                                       const Published::Place& place, Seq most,
                                                       bool& all_known);
  [[nodiscard]] bool wants_snapshot(const Published::Place& place, const Trimmed& one) const;
  [[nodiscard]] Result<void> renew(Link& link, const SaleId& sale, const Published::Place& place,
                                   Trimmed& one);
  void publish(const SaleId& sale, const Published::Place& place, const Trimmed& one);
  void tell(const SaleId& sale, Trimmed& one, const Fault* fault);
  /// Names a follower for which far more is kept than is usual: it may be of a gateway that has
  /// gone for good.
  void tell_held(const SaleId& sale, const Published::Place& place, Trimmed& one);

  const TrimOptions options_;
  const Duration patience_;
  const Published& published_;
  std::vector<std::pair<std::string, store::DoneUpto>> followers_;
  std::string gateway_;
  std::function<void(const std::string&)> warn_ = [](const std::string&) {};
  SaveLive save_live_;

  // The thread's own.
  std::map<std::string, std::unique_ptr<Link>> links_;  ///< one for each primary, by its address
  std::map<SaleId, Trimmed> sales_;

  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable ends_;
  std::map<SaleId, TrimState> states_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace dibs::redis
