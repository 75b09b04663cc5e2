#include "ledger/rebuild.h"

#include <optional>
#include <span>
#include <utility>

namespace dibs::ledger {
namespace {

constexpr std::size_t kRebuildBatch = 8'192;

}  // namespace

Result<Rebuild> Rebuild::begin(Address address) {
  auto applier = std::make_unique<Applier>(std::move(address));
  if (auto done = applier->make_anew(); !done) return std::unexpected(done.error());
  return Rebuild(std::move(applier));
}

Result<void> Rebuild::take(const store::FedEvent& event, const std::string& epoch) {
  if (event.position != Position()) source_ = "journal " + epoch;
  events::ChainHash& hash = hashes_[event.sale];
  Delivered one;
  one.position = event.position;
  one.event.sale = event.sale;
  one.event.epoch = epoch;
  one.event.event = event.event;
  one.event.previous = hash;
  one.event.hash = events::chain_hash(hash, event.sale, event.event);
  hash = one.event.hash;
  batch_.push_back(std::move(one));
  if (batch_.size() < kRebuildBatch) return {};
  return write();
}

Result<void> Rebuild::write() {
  if (batch_.empty()) return {};
  const Progress progress{source_, batch_.back().position.value()};
  const auto report = applier_->apply(
      batch_, source_.empty() ? std::span<const Progress>() : std::span(&progress, 1));
  if (!report) return std::unexpected(report.error());
  applied_ += report->applied;
  batch_.clear();
  if (report->stopped.empty()) return {};
  return fault(FaultKind::corrupt,
               "The events contradict each other: " + report->stopped.begin()->second + ".",
               "Look at the store first: dibs audit --data DIR.");
}

Result<std::uint64_t> Rebuild::finish() {
  if (auto done = write(); !done) return std::unexpected(done.error());
  return applied_;
}

}  // namespace dibs::ledger
