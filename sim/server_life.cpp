// A process of the server from its start to its death, and what befalls its machine. What it does
// meanwhile: server.cpp.
#include <algorithm>
#include <cerrno>
#include <chrono>

#include "sim/server.h"

namespace dibs::sim {
namespace {

using engine::Engine;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr auto kDataDir = "data";

/// Files so small that segments change, and snapshots are made, within a few hundred commands.
Engine::Options options(Random& random) {
  Engine::Options options;
  options.data_dir = kDataDir;
  options.journal = {.segment_bytes = 64 * 1024,
                     .reserve_bytes = 16 * 1024,
                     .zeros_ahead_bytes = 8 * 1024,
                     .ballast_bytes = 16 * 1024,
                     .snapshot_bytes = 96 * 1024};
  options.stepped = true;
  options.key_seed = random.bits() | 1U;
  return options;
}

}  // namespace

bool Server::start() {
  Engine::Options wanted = options(random_);
  wanted.ingress_loops = kLoops;
  wanted.sync = !plant_.answers_before_sync;
  auto opened = Engine::open(std::move(wanted), clock_, *disk_);
  if (!opened && rot_) {
    // Whoever kept a copy puts it back.
    ++refused_rot_;
    disk_->overwrite(rot_->path, std::move(rot_->whole));
    rot_.reset();
    return start();
  }
  rot_.reset();
  if (!opened) {
    refusal_ = opened.error().what;
    return false;
  }
  engine_ = std::move(*opened);
  failed_ = false;
  engine_->set_on_failure([this](const Fault&) { failed_ = true; });
  if (desk_ != nullptr) desk_->open(*engine_);
  engine_->start();
  // After a clock was set back stamps run ahead of it; those of the next process do not.
  if (std::exchange(stamps_moved_, false)) ++clock_set_;
  for (std::uint32_t loop = 0; loop < kLoops; ++loop) loops_[loop].promise.emplace(loop, *engine_);
  ++lives_;
  ++starts_;
  reader_ = engine_->read_events({}, std::nullopt);
  reread_.clear();
  catch_up();
  for (const auto& [sale, seen] : visible_) {
    if (reread_[sale] < seen.size()) {
      broken_.push_back(sale + ": " + std::to_string(seen.size() - reread_[sale]) +
                        " events that had been visible are gone after a restart");
      visible_[sale].resize(reread_[sale]);
    }
  }
  planned_ = {};
  for (const Work work : {Work::round, Work::keeper, Work::snapshotter, Work::look}) {
    soon(work, microseconds(1), milliseconds(100));
  }
  if (topic_ != nullptr) {
    topic_->open(*engine_);
    soon(Work::relay, microseconds(1), milliseconds(100));
  }
  if (desk_ != nullptr) {
    desk_->begin();
    soon(Work::timers, microseconds(1), milliseconds(20));
  }
  return true;
}

void Server::die(bool power_cut) {
  if (!engine_) return;
  auto left = disk_->copy();
  if (power_cut) {
    std::mt19937 luck(static_cast<std::uint32_t>(random_.bits()));
    left = disk_->after_power_cut(static_cast<double>(random_.below(5)) / 4, luck);
  }
  // Nothing that the old process still does is seen by anybody.
  disk_->set_fault([](const auto&, const auto&) { return EIO; });
  ++lives_;
  std::vector<Loop> cut(kLoops);
  cut.swap(loops_);
  for (Loop& loop : cut) {
    for (Arrived& arrived : loop.arrived) arrived.taken(nullptr);
  }
  leave();
  disk_ = std::move(left);
  disk_fails_ = false;
}

void Server::end() {
  if (!engine_) return;
  for (std::size_t loop = 0; loop < loops_.size(); ++loop) read_loop(loop);
  if (desk_ != nullptr) desk_->let_go();
  engine_->drain();
  catch_up();
  ++lives_;
  leave();
}

/// The process ends. Nobody hears what it says meanwhile.
void Server::leave() {
  if (desk_ != nullptr && engine_) desk_->cut();
  if (topic_ != nullptr) topic_->shut();
  reader_.reset();
  engine_.reset();
  if (desk_ != nullptr) desk_->shut();
}

void Server::break_disk(int number) {
  disk_fails_ = number != 0;
  if (number == 0) return disk_->set_fault(nullptr);
  disk_->set_fault([number](const std::string& call, const std::string&) {
    return call == "write" || call == "sync" ? number : 0;
  });
}

void Server::rot(Random& luck) {
  if (engine_ || rot_) return;
  // The newest segment may end in a record that no mark knows of: damage there is a torn write.
  std::vector<std::string> written;
  std::size_t newest = 0;
  for (const std::string& path : disk_->paths()) {
    const bool segment = path.find("/journal-0") != std::string::npos;
    if (segment) newest = written.size();
    if (segment || path.find("/snapshot-") != std::string::npos) written.push_back(path);
  }
  if (!written.empty()) written.erase(written.begin() + static_cast<std::ptrdiff_t>(newest));
  if (written.empty()) return;
  const std::string& path = written[luck.below(written.size())];
  std::string bytes = disk_->read(path);
  if (bytes.empty()) return;
  rot_ = {path, bytes};
  bytes[luck.below(bytes.size())] ^= static_cast<char>(1U << luck.below(8));
  disk_->overwrite(path, std::move(bytes));
}

void Server::set_clock(Duration by) {
  clock_.step(by);
  ++clock_set_;
  stamps_moved_ = true;
  unnoticed_ = true;
  for (auto& [sale, law] : laws_) law.clock_was_set();
}

void Server::set_disk_capacity(bool full) {
  disk_->set_capacity(full ? disk_->bytes_used() + 2048 : UINT64_MAX);
}

}  // namespace dibs::sim
