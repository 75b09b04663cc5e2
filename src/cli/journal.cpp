#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/settings_file.h"
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
  if (report.fault && report.fault->kind == FaultKind::not_found) return fail(*report.fault);
  std::cout << report.records << " records ";
  if (report.fault) {
    std::cout << "before the damage; ";
  } else {
    std::cout << "in " << report.segments << " segments, " << report.bytes << " bytes; ";
  }
  std::cout << report.sales << " sales, " << report.events << " events, " << report.refused
            << " refused requests; " << report.snapshots << " snapshots\n"
            << "last position " << report.last.value() << ", epoch " << report.epoch;
  if (!report.fault) {
    std::cout << (report.clean_end ? ", ended in order" : ", running, or did not end in order");
  }
  std::cout << '\n';
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

using Part = int (*)(const JournalFlags& flags);

/// `dibs journal NAME`: its flags, in a place of their own, and what it does.
struct PartOf {
  CLI::App* app;
  JournalFlags flags;
  Settings settings;
  Part run;
};
using Parts = std::vector<std::unique_ptr<PartOf>>;

PartOf& add_part(CLI::App& journal, Parts& parts, const char* name, const char* help, Part run,
                 const char* data = "The data directory; a server may be running on it") {
  auto part = std::make_unique<PartOf>(
      PartOf{.app = journal.add_subcommand(name, help), .flags = {}, .settings = {}, .run = run});
  part->app->add_option("--data", part->flags.data, data)->capture_default_str();
  return *parts.emplace_back(std::move(part));
}

void add_to_seq(PartOf& part) {
  part.app
      ->add_option("--to-seq", part.flags.to_seq,
                   "Up to this event of each sale, 0 to 2^64 - 1; 0 is the last")
      ->capture_default_str();
}

void add_file(PartOf& part, const char* name, const char* help) {
  part.app->add_option(name, part.flags.file, help)->required();
}

int run_part(const Parts& parts) {
  for (const auto& part : parts) {
    if (!part->app->parsed()) continue;
    if (auto applied = apply_settings(*part->app, part->settings); !applied) {
      complain(applied.error());
      return kUsage;
    }
    return part->run(part->flags);
  }
  return kUsage;
}

}  // namespace

Subcommand add_journal(CLI::App& app) {
  auto* sub = app.add_subcommand("journal", "Inspect, replay, back up and restore the journal");
  sub->require_subcommand(1);
  auto parts = std::make_shared<Parts>();
  add_part(*sub, *parts, "verify", "Check every record and snapshot", verify);
  add_to_seq(add_part(*sub, *parts, "dump", "Print every entry as a line of JSON", dump));
  add_to_seq(add_part(*sub, *parts, "replay", "Show the sales as they were", replay));
  add_file(add_part(*sub, *parts, "backup", "Write the journal into one file", backup), "--to",
           "The new file; no default");
  add_file(add_part(*sub, *parts, "restore", "Make a data directory out of a backup", restore,
                    "The directory to make; missing or empty"),
           "--from", "A file of `backup`; no default");
  for (auto& part : *parts) add_settings(*part->app, part->settings);
  return {sub, [parts] { return run_part(*parts); }};
}

}  // namespace dibs::cli
