#include "engine/archive.h"

#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "engine/archive_file.h"
#include "engine/engine.h"
#include "engine/entry.h"
#include "engine/layout.h"
#include "engine/recovery.h"

namespace dibs::engine {
namespace {

std::unexpected<Fault> not_now(const SaleId& sale, const std::string& why, std::string remedy) {
  return fault(FaultKind::bad_input, "sale " + sale.value() + " cannot be archived: " + why,
               std::move(remedy));
}

/// The journal's entries about one sale, as one payload.
class Entries {
 public:
  explicit Entries(const SaleId& sale) : sale_(sale) {}

  void take(std::string_view payload) {
    EntryReader reader(payload);
    while (const auto entry = reader.next()) {
      if (entry->sale == sale_.view()) take(*entry);
    }
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void take(const Entry& entry) {
    if (const auto* event = std::get_if<EventEntry>(&entry.body)) {
      writer_.event(sale_, event->event);
    } else if (const auto* refused = std::get_if<RefusedEntry>(&entry.body)) {
      writer_.refused(sale_, refused->record);
    } else if (const auto* reserve = std::get_if<ReserveEntry>(&entry.body)) {
      writer_.reserve(sale_, reserve->upto);
    }
  }

  const SaleId& sale_;
  std::string bytes_;
  EntryWriter writer_{bytes_};
};

/// The rules' own opinion, on a copy of the sale: nothing is written when they would refuse.
Result<void> check_over(SaleSlot* slot, const SaleId& sale, Instant now) {
  if (slot != nullptr && slot->sale.archived()) {
    return not_now(sale, "it is archived already.", "Its file is checked by: dibs sale dump.");
  }
  if (slot == nullptr || !slot->sale.exists()) {
    return fault(FaultKind::not_found, "there is no sale " + sale.value(), "Check the sale's id.");
  }
  if (slot->sale.due(now)) {
    return not_now(sale, "something in it is due and has not been done yet.",
                   "Let the server run once, so that it is, and stop it.");
  }
  std::vector<sale::Event> events;
  const sale::Command archive{sale::Archive{slot->sale.view().seq, {}}};
  const sale::Outcome outcome = slot->sale.apply(archive, now, events);
  if (outcome.code == sale::Code::ok) return {};
  return not_now(sale, outcome.detail, "Close it and let every order end first.");
}

/// Runs the engine for one command and waits until it is durable.
Result<void> record_archived(Engine& engine, const ArchiveOptions& options, const Clock& clock,
                             const ArchiveContent& content) {
  auto answered = std::make_shared<std::promise<Result<sale::Outcome>>>();
  auto answer = answered->get_future();
  engine.set_on_failure([](const Fault&) {});  // the answer says it
  engine.start();
  engine.submit({clock.now(), kNoLoop, 0}, options.sale,
                {sale::Archive{content.seq, content.report.file_hash}, options.actor},
                [answered](Result<sale::Outcome> result) { answered->set_value(result); });
  const Result<sale::Outcome> outcome = answer.get();
  engine.drain();
  if (!outcome) return std::unexpected(outcome.error());
  if (outcome->code != sale::Code::ok) {
    return not_now(options.sale, outcome->detail, "Nothing was archived. Try again.");
  }
  return {};
}

}  // namespace

std::string archive_path(const std::string& data_dir, const SaleId& sale) {
  return path_in(data_dir, "archive-" + sale.value() + ".bin");
}

Result<ArchiveReport> archive_sale(const ArchiveOptions& options, const Clock& clock, Disk& disk) {
  // An engine would make one.
  if (auto there = check_there_is_a_journal(disk, options.data_dir); !there) {
    return std::unexpected(there.error());
  }
  Engine::Options engine_options;
  engine_options.data_dir = options.data_dir;
  engine_options.ingress_loops = 0;
  engine_options.journal = options.journal;
  auto engine = Engine::open(engine_options, clock, disk);
  if (!engine) return std::unexpected(engine.error());

  // Nobody else writes from here on: the engine holds the directory.
  Entries entries(options.sale);
  RecoverOptions reading{.use_snapshots = false};
  reading.visit = [&](const Record& record) {
    entries.take(record.payload);
    return true;
  };
  auto recovered = recover(disk, options.data_dir, reading);
  if (!recovered) return std::unexpected(recovered.error());
  SaleSlot* slot = recovered->sales.find(options.sale);
  const std::string bytes = slot != nullptr && slot->sale.exists()
                                ? packed_archive(*slot, recovered->last, entries.bytes())
                                : std::string();
  if (auto over = check_over(slot, options.sale, clock.now()); !over) {
    return std::unexpected(over.error());
  }
  const std::string path =
      options.file.empty() ? archive_path(options.data_dir, options.sale) : options.file;
  const auto written = write_archive(disk, path, bytes);
  if (!written) return std::unexpected(written.error());
  if (auto done = record_archived(**engine, options, clock, *written); !done) {
    return std::unexpected(done.error());
  }
  return written->report;
}

}  // namespace dibs::engine
