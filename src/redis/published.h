#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "redis/address.h"

namespace dibs::redis {

/// How far this gateway has shown each sale: the events up to `seq` are as durable as its promise
/// says, and listeners have been told of them. Any thread may call; the store's thread writes.
class Published {
 public:
  struct Place {
    std::string epoch;
    Seq seq;
    bool fenced = false;  ///< the sale has stopped: what Redis has is not what was shown
    Address at{};         ///< of the primary that has it
  };

  void set(const SaleId& sale, const std::string& epoch, Seq seq) {
    const std::lock_guard lock(mutex_);
    Place& place = places_[sale];
    place.epoch = epoch;
    place.seq = seq;
  }
  void fence(const SaleId& sale) {
    const std::lock_guard lock(mutex_);
    places_[sale].fenced = true;
  }
  void sell_again(const SaleId& sale) {
    const std::lock_guard lock(mutex_);
    places_[sale].fenced = false;
  }
  void lies_at(const SaleId& sale, const Address& primary) {
    const std::lock_guard lock(mutex_);
    places_[sale].at = primary;
  }

  [[nodiscard]] std::optional<Place> find(const SaleId& sale) const {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(sale);
    if (found == places_.end()) return std::nullopt;
    return found->second;
  }

  [[nodiscard]] std::map<SaleId, Place> all() const {
    const std::lock_guard lock(mutex_);
    return places_;
  }

  struct Behind {
    SaleId sale;
    Seq upto;
    Address at;
  };
  /// The sales, but for fenced ones, that have been shown further than `taken` says; of `only`
  /// alone when it is named.
  [[nodiscard]] std::vector<Behind> behind(const std::map<SaleId, Seq>& taken,
                                           const std::optional<SaleId>& only) const {
    std::vector<Behind> all;
    const auto add = [&](const SaleId& sale, const Place& place) {
      const auto known = taken.find(sale);
      if (place.fenced || (known != taken.end() && place.seq <= known->second)) return;
      if (place.seq > Seq()) all.push_back({sale, place.seq, place.at});
    };
    const std::lock_guard lock(mutex_);
    if (only) {
      const auto found = places_.find(*only);
      if (found != places_.end()) add(found->first, found->second);
      return all;
    }
    for (const auto& [sale, place] : places_) add(sale, place);
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::map<SaleId, Place> places_;  ///< guarded by mutex_
};

}  // namespace dibs::redis
