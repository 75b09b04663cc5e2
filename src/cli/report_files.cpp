#include "cli/report_files.h"

#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/exit_status.h"
#include "cli/log.h"

namespace dibs::cli {
namespace {

Fault not_writable(const std::string& path) {
  return {FaultKind::bad_input, "The report " + path + " cannot be written.",
          "Check the directory, its permissions and the space there."};
}

Result<void> check_file(const std::string& path) {
  if (path.empty()) return {};
  std::error_code ignored;
  const bool was_there = std::filesystem::exists(path, ignored);
  const bool opened = std::ofstream(path, std::ios::binary | std::ios::app).is_open();
  if (!opened) return std::unexpected(not_writable(path));
  if (!was_there) std::filesystem::remove(path, ignored);
  return {};
}

Result<void> check_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return check_file(path + "/comparison.csv");
}

}  // namespace

Result<void> write_file(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  out.close();
  if (!out) return std::unexpected(not_writable(path));
  return {};
}

load::Language language_of(const ReportFiles& files) {
  return files.language == "ko" ? load::Language::korean : load::Language::english;
}

Result<void> check_writable(const ReportFiles& files) {
  for (const auto& path : {files.json, files.html}) {
    if (auto good = check_file(path); !good) return good;
  }
  if (files.csv_is_directory && !files.csv.empty()) return check_directory(files.csv);
  return check_file(files.csv);
}

int report(const load::Run& run, const ReportFiles& files) {
  const auto language = language_of(files);
  const bool korean = language == load::Language::korean;
  std::cout << load::table(run, language);
  bool all_written = true;
  const auto write = [&](const std::string& path, const auto& make) {
    if (path.empty()) return;
    if (auto written = write_file(path, make()); !written) {
      complain(written.error());
      all_written = false;
      return;
    }
    std::cout << (korean ? "저장: " : "written: ") << path << '\n';
  };
  write(files.json, [&] { return load::to_json(run); });
  write(files.csv, [&] { return load::to_csv(run); });
  write(files.html, [&] { return load::to_html(run, language); });
  const int status = load::exit_status(run);
  return status == kHeld && !all_written ? kUnreachable : status;
}

}  // namespace dibs::cli
