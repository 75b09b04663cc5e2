#include "cli/settings_file.h"

#include <CLI/CLI.hpp>

#include <fstream>

namespace dibs::cli {
namespace {

Result<void> apply_item(CLI::App& app, const CLI::ConfigItem& item, const std::string& file) {
  CLI::Option* option = item.parents.empty() ? app.get_option_no_throw("--" + item.name) : nullptr;
  if (option == nullptr || item.name == "config" || item.name == "help") {
    return fault(
        FaultKind::bad_input,
        file + ": `" + item.fullname() + "` is no setting of `dibs " + app.get_name() + "`.",
        "See `dibs " + app.get_name() + " --help` for the names.");
  }
  if (option->count() > 0) return {};
  try {
    const bool is_flag = option->get_expected_min() == 0;
    for (const auto& value : item.inputs) {
      if (is_flag && value == "false") return {};
      option->add_result(value);
    }
    option->run_callback();
  } catch (const CLI::Error& error) {
    return fault(FaultKind::bad_input, file + ": `" + item.name + "`: " + error.what() + ".",
                 "See `dibs " + app.get_name() + " --help` for what it takes.");
  }
  return {};
}

}  // namespace

void add_config_flag(CLI::App& app, std::string& file) {
  app.add_option("--config", file, "TOML file of settings: the flags' names without dashes");
}

Result<void> apply_settings_file(CLI::App& app, const std::string& file) {
  if (file.empty()) return {};
  std::ifstream in(file);
  if (!in) {
    return fault(FaultKind::bad_input, "The settings file " + file + " cannot be read.",
                 "Check the path given with --config.");
  }
  try {
    for (const auto& item : CLI::ConfigTOML().from_config(in)) {
      if (item.name == "++" || item.name == "--") continue;  // marks of a section's begin and end
      if (auto applied = apply_item(app, item, file); !applied) return applied;
    }
  } catch (const CLI::Error& error) {
    return fault(FaultKind::bad_input, file + ": " + error.what() + ".", "Correct the file.");
  }
  return {};
}

}  // namespace dibs::cli
