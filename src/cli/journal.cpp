#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/subcommands.h"
#include "engine/inspect.h"

namespace dibs::cli {
namespace {

struct JournalFlags {
  std::string data = "dibs-data";
  std::string file;
  std::uint64_t to_seq = 0;
};

int fail(const Fault& fault) {
  complain(fault);
  return status_of(fault.kind);
}

int verify(const JournalFlags& flags) {
  const auto report = engine::verify(flags.data);
  std::cout << report.records << " records in " << report.segments << " segments, " << report.bytes
            << " bytes; " << report.sales << " sales, " << report.events << " events, "
            << report.refused << " refused requests; " << report.snapshots << " snapshots\n"
            << "last position " << report.last.value() << ", epoch " << report.epoch << ", "
            << (report.clean_end ? "ended in order" : "running, or did not end in order") << '\n';
  for (const auto& remark : report.remarks) std::cout << "note: " << remark << '\n';
  if (report.fault) return fail(*report.fault);
  std::cout << "the chain is whole\n";
  return kHeld;
}

int dump(const JournalFlags& flags) {
  const auto done = engine::dump(flags.data, Seq(flags.to_seq),
                                 [](std::string_view line) { std::cout << line << '\n'; });
  return done ? kHeld : fail(done.error());
}

int replay(const JournalFlags& flags) {
  const auto views = engine::replay(flags.data, Seq(flags.to_seq));
  if (!views) return fail(views.error());
  for (const auto& view : *views) {
    std::cout << "sale " << view.id.view() << " at seq " << view.seq.value() << ": "
              << sale::to_text(view.state) << ", " << view.orders << " orders, " << view.waiting
              << " waiting\n";
    for (std::size_t i = 0; i < view.items.size(); ++i) {
      const auto& item = view.items[i];
      std::cout << "  " << view.spec->items[i].sku.view() << ": total " << item.total
                << ", available " << item.available << ", held " << item.held << ", sold "
                << item.sold << ", waiting " << item.waiting << '\n';
    }
  }
  return kHeld;
}

int backup(const JournalFlags& flags) {
  const auto report = engine::backup(flags.data, flags.file);
  if (!report) return fail(report.error());
  std::cout << "written: " << flags.file << ", " << report->records << " records up to position "
            << report->last.value() << ", " << report->bytes << " bytes\n";
  if (report->damage) return fail(*report->damage);
  return kHeld;
}

int restore(const JournalFlags& flags) {
  const auto report = engine::restore(flags.file, flags.data);
  if (!report) return fail(report.error());
  std::cout << "restored: " << flags.data << ", " << report->records << " records up to position "
            << report->last.value() << '\n';
  if (report->ends_at_damage) {
    std::cout << "note: the backup is of a damaged journal and ends where the damage begins\n";
  }
  return kHeld;
}

CLI::App* add_part(CLI::App& journal, const char* name, const char* help, JournalFlags& flags) {
  auto* part = journal.add_subcommand(name, help);
  part->add_option("--data", flags.data, "The data directory; a server may be running on it")
      ->envname("DIBS_DATA")
      ->capture_default_str();
  return part;
}

}  // namespace

Subcommand add_journal(CLI::App& app) {
  auto* sub = app.add_subcommand("journal", "Inspect, replay, back up and restore the journal");
  sub->require_subcommand(1);
  auto flags = std::make_shared<JournalFlags>();
  auto* verify_part = add_part(*sub, "verify", "Check every record and snapshot", *flags);
  auto* dump_part = add_part(*sub, "dump", "Print every entry as a line of JSON", *flags);
  auto* replay_part = add_part(*sub, "replay", "Show the sales as they were", *flags);
  for (auto* part : {dump_part, replay_part}) {
    part->add_option("--to-seq", flags->to_seq, "Up to this event of each sale; 0 is the last")
        ->capture_default_str();
  }
  auto* backup_part = add_part(*sub, "backup", "Write the journal into one file", *flags);
  backup_part->add_option("--to", flags->file, "The new file")->required();
  auto* restore_part = add_part(*sub, "restore", "Make a data directory out of a backup", *flags);
  restore_part->add_option("--from", flags->file, "A file of `backup`")->required();
  return {sub, [=] {
            if (verify_part->parsed()) return verify(*flags);
            if (dump_part->parsed()) return dump(*flags);
            if (replay_part->parsed()) return replay(*flags);
            if (backup_part->parsed()) return backup(*flags);
            return restore(*flags);
          }};
}

}  // namespace dibs::cli
