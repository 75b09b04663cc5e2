#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

#include "cli/exit_status.h"
#include "cli/log.h"
#include "cli/settings_file.h"
#include "cli/subcommands.h"
#include "engine/archive.h"
#include "engine/disk.h"

namespace dibs::cli {
namespace {

struct SaleFlags {
  std::string data = "dibs-data";
  std::string sale;
  std::string file;
  Settings archive_settings;
  Settings dump_settings;
};

int fail(const Fault& fault) {
  complain(fault);
  if (fault.kind == FaultKind::corrupt) return kBroken;
  const bool about_usage = fault.kind == FaultKind::bad_input || fault.kind == FaultKind::not_found;
  return about_usage ? kUsage : kUnreachable;
}

int archive(const SaleFlags& flags) {
  engine::ArchiveOptions options;
  options.data_dir = flags.data;
  options.sale = SaleId(flags.sale);
  options.file = flags.file;
  const auto report = engine::archive_sale(options, system_clock(), engine::posix_disk());
  if (!report) return fail(report.error());
  std::cout << "archived: sale " << flags.sale << ", " << report->orders << " orders, "
            << report->events << " events, " << report->refused << " refused requests\n"
            << "file: " << report->file << ", sha256 " << engine::hex(report->file_hash) << '\n';
  return kHeld;
}

int dump(const SaleFlags& flags) {
  const auto report =
      engine::dump_archive(flags.file, [](std::string_view line) { std::cout << line << '\n'; });
  if (!report) return fail(report.error());
  std::cerr << "dibs: whole, sha256 " << engine::hex(report->file_hash) << '\n';
  return kHeld;
}

}  // namespace

Subcommand add_sale(CLI::App& app) {
  auto* sub = app.add_subcommand("sale", "Archive a sale that is over, and read archives");
  sub->require_subcommand(1);
  auto flags = std::make_shared<SaleFlags>();
  auto* archive_part = sub->add_subcommand(
      "archive", "Write a closed, settled sale into a file and drop it; no server may be running");
  archive_part->add_option("--data", flags->data, "The data directory")->capture_default_str();
  archive_part->add_option("--sale", flags->sale, "The sale's id; no default")->required();
  archive_part->add_option("--to", flags->file, "The file; default: archive-SALE.bin in --data");
  auto* dump_part = sub->add_subcommand(
      "dump", "Check an archive and print its entries and orders as lines of JSON");
  dump_part->add_option("--file", flags->file, "A file of `archive`; no default")->required();
  add_settings(*archive_part, flags->archive_settings);
  add_settings(*dump_part, flags->dump_settings);
  return {sub, [=] {
            const bool archives = archive_part->parsed();
            const auto applied = archives ? apply_settings(*archive_part, flags->archive_settings)
                                          : apply_settings(*dump_part, flags->dump_settings);
            if (!applied) return fail(applied.error());
            return archives ? archive(*flags) : dump(*flags);
          }};
}

}  // namespace dibs::cli
