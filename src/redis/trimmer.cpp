#include "redis/trimmer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "redis/call.h"
#include "redis/fields.h"
#include "redis/rehearsal.h"
#include "store/thread_name.h"

namespace dibs::redis {
namespace {

/// Some 0.1 ms of Redis' time.
constexpr std::uint64_t kCutAtOnce = 1'000;
/// The larger a snapshot, the rarer: writing it costs Redis and this gateway its bytes. A new order
/// adds some 100 bytes and two events or more, so a sale of many orders is written anew when it has
/// grown by about a half.
constexpr std::uint64_t kSnapshotBytesAnEvent = 100;

/// Between a follower's name and its gateway's.
constexpr const char* kOfGateway = " @ ";
/// A follower that keeps so many times TrimOptions::after is named.
constexpr std::uint64_t kFarBehind = 4;

/// What `trim` answered.
struct Cut {
  Seq seq;
  Seq first;
  Seq snapshot;
  Seq upto;
  std::string why;
};

Result<Cut> cut_of(const redisReply& reply, const SaleId& sale) {
  const auto refuse = [&sale](const std::string& what) {
    return fault(FaultKind::unavailable,
                 "The events of sale " + sale.value() + " are not trimmed: " + what + ".",
                 "It is tried again by itself.");
  };
  if (reply.type == REDIS_REPLY_ERROR) return refuse(std::string(reply.str, reply.len));
  const auto parts = elements(reply);
  if (parts.size() == 1) return refuse("other data lie in Redis than this gateway knows");
  if (parts.size() != 6) return refuse("the function answers something else than it does");
  const auto seq_at = [&parts](std::size_t i) {
    return Seq(static_cast<std::uint64_t>(number_of(*parts[i]).value_or(0)));
  };
  return Cut{.seq = seq_at(1),
             .first = seq_at(2),
             .snapshot = seq_at(3),
             .upto = seq_at(4),
             .why = std::string(text_of(*parts[5]).value_or(""))};
}

}  // namespace

Trimmer::Trimmer(TrimOptions options, Duration patience, const Published& published)
    : options_(std::move(options)), patience_(patience), published_(published) {}

void Trimmer::start() {
  if (followers_.empty() || options_.after == 0) return;
  thread_ = std::thread([this] { run(); });
}

void Trimmer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ends_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Trimmer::run() {
  store::name_thread("dibs-trim");
  // Buyers come first: where there is a core too few, this thread waits.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 5);
  while (!stopping_) {
    pass();
    std::unique_lock lock(mutex_);
    ends_.wait_for(lock, options_.look_every, [this] { return stopping_.load(); });
  }
}

void Trimmer::pass() {
  for (const auto& [sale, place] : published_.all()) {
    if (stopping_) return;
    if (place.fenced || place.epoch.empty() || place.seq == Seq()) continue;
    Trimmed& one = sales_[sale];
    const auto done = tend(sale, place, one);
    tell(sale, one, done ? nullptr : &done.error());
    tell_held(sale, place, one);
    publish(sale, place, one);
  }
}

void Trimmer::tell(const SaleId& sale, Trimmed& one, const Fault* fault) {
  const std::string now = fault == nullptr || stopping_ ? "" : fault->what + " " + fault->remedy;
  if (fault != nullptr) links_.clear();  // the sale may be elsewhere by now
  if (!now.empty() && now != one.told) {
    warn_("sale " + sale.value() + ": no events are cut for now. " + now);
  }
  one.told = now;
}

void Trimmer::tell_held(const SaleId& sale, const Published::Place& place, Trimmed& one) {
  const bool is_follower = one.why.find(kOfGateway) != std::string::npos;
  const std::uint64_t kept = place.seq.value() - std::min(place.seq, one.upto).value();
  if (!is_follower || kept < kFarBehind * options_.after) return one.told_held.clear();
  if (std::exchange(one.told_held, one.why) == one.why) return;
  warn_("sale " + sale.value() + ": " + std::to_string(kept) +
        " events are kept in Redis since the follower \"" + one.why +
        "\" is done with those up to number " + std::to_string(one.upto.value() + 1) +
        " only. It goes on by itself when that one does; if its gateway is gone for good: HDEL " +
        followers_key(sale) + " \"" + one.why + "\".");
}

Result<void> Trimmer::tend(const SaleId& sale, const Published::Place& place, Trimmed& one) {
  const Duration now = system_clock().monotonic();
  if (one.marks.empty() || place.seq > one.marks.back().second) {
    one.marks.emplace_back(now, place.seq);
  }
  // The newest mark that is old enough is the only one of those that counts.
  while (one.marks.size() > 1 && one.marks[1].first + options_.keep_for <= now) {
    one.marks.pop_front();
  }
  if (place.seq.value() < options_.after && one.noted) return {};
  auto& link = links_[place.at.shown()];
  if (!link) link = std::make_unique<Link>(place.at, patience_, system_clock());
  if (auto done = cut(*link, sale, place, one); !done) return done;
  if (!wants_snapshot(place, one)) return {};
  return renew(*link, sale, place, one);
}

/// Notes where this gateway's followers are, and cuts what may be cut, step by step.
Result<void> Trimmer::cut(Link& link, const SaleId& sale, const Published::Place& place,
                          Trimmed& one) {
  const Duration now = system_clock().monotonic();
  const auto& mark = one.marks.front();
  const Seq most = mark.first + options_.keep_for <= now ? mark.second : Seq();
  while (!stopping_) {
    options_.at_step("cut");
    std::optional<Cut> cut;
    bool all_known = true;
    const auto called = link.call(words_of_trim(sale, place, most, all_known),
                                  [&](const redisReply& reply) -> Result<void> {
                                    auto read = cut_of(reply, sale);
                                    if (!read) return std::unexpected(read.error());
                                    cut = *std::move(read);
                                    return {};
                                  });
    if (!called) return called;
    options_.at_step("was cut");
    one.noted |= all_known;
    one.first = cut->first;
    one.upto = cut->upto;
    one.why = cut->why;
    const Seq known = one.pointer ? one.pointer->place.seq() : Seq();
    if (cut->snapshot != known) one.looked = false;
    if (cut->upto < cut->first) break;
  }
  if (one.looked || place.seq.value() < options_.after) return {};
  auto pointer = read_pointer(link, sale);
  if (!pointer) return std::unexpected(pointer.error());
  one.pointer = *std::move(pointer);
  one.looked = true;
  return {};
}

std::vector<std::string> Trimmer::words_of_trim(const SaleId& sale, const Published::Place& place,
                                                Seq most, bool& all_known) {
  std::vector<std::string> noted;
  for (const auto& [name, done_upto] : followers_) {
    const auto upto = done_upto(sale);
    if (!upto) {
      most = Seq();  // and what was noted before stays
      all_known = false;
      continue;
    }
    noted.push_back(name + kOfGateway + gateway_);
    noted.push_back(*upto == store::kWantsNone ? "-" : std::to_string(upto->value()));
  }
  std::vector<std::string> words{"FCALL",
                                 Library::built_in().trim(),
                                 "4",
                                 keys_of(sale).front(),
                                 events_key(sale),
                                 snapshot_key(sale),
                                 followers_key(sale),
                                 place.epoch,
                                 std::to_string(most.value()),
                                 std::to_string(options_.keep_events),
                                 std::to_string(kCutAtOnce)};
  words.insert(words.end(), noted.begin(), noted.end());
  return words;
}

/// A snapshot that would let nothing be cut is not worth writing: somebody has to keep for good
/// what is cut, and events must have come.
bool Trimmer::wants_snapshot(const Published::Place& place, const Trimmed& one) const {
  if (place.seq.value() < options_.after || one.why == "nobody") return false;
  if (!one.pointer) return true;
  if (one.pointer->damaged) return true;
  const std::uint64_t since =
      place.seq.value() - std::min(place.seq, one.pointer->place.seq()).value();
  return since >= std::max(options_.after, one.pointer->bytes / kSnapshotBytesAnEvent / 2);
}

Result<void> Trimmer::renew(Link& link, const SaleId& sale, const Published::Place& place,
                            Trimmed& one) {
  auto made = rehearse(link, {.sale = sale,
                              .epoch = place.epoch,
                              .upto = place.seq,
                              .pointer = one.pointer ? &*one.pointer : nullptr,
                              .save_live = save_live_,
                              .stop = stopping_});
  if (!made) return std::unexpected(made.error());
  auto written = write_snapshot(link, sale, made->place, made->bytes, one.pointer, stopping_,
                                options_.at_step);
  one.looked = false;
  if (!written) return std::unexpected(written.error());
  return {};
}

void Trimmer::publish(const SaleId& sale, const Published::Place& place, const Trimmed& one) {
  if (one.why.empty()) return;
  TrimState state{
      .sale = sale,
      .trimmed = Seq(one.first.value() - std::min<std::uint64_t>(1, one.first.value())),
      .snapshot = {},
      .events = place.seq.next().value() - std::min(place.seq.next(), one.first).value(),
      .snapshot_bytes = 0,
      .snapshot_written = {},
      .held_by = one.why};
  if (one.pointer) {
    state.snapshot = one.pointer->place.seq();
    state.snapshot_bytes = one.pointer->bytes;
    state.snapshot_written = one.pointer->written;
  }
  const std::lock_guard lock(mutex_);
  states_.insert_or_assign(sale, std::move(state));
}

std::vector<TrimState> Trimmer::states() const {
  std::vector<TrimState> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [sale, state] : states_) all.push_back(state);
  return all;
}

}  // namespace dibs::redis
