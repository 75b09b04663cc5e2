#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "base/result.h"

namespace dibs::cli {

/// Gives `--config FILE` to `app`. A setting's value is taken from the flag, else from the
/// environment variable, else from the file, else its default.
void add_config_flag(CLI::App& app, std::string& file);

/// Sets every option of `app` that neither flag nor environment gave from the TOML file. Fails
/// naming the line's key when the file has one that is no setting of `app`, or a value that the
/// setting does not take.
[[nodiscard]] Result<void> apply_settings_file(CLI::App& app, const std::string& file);

}  // namespace dibs::cli
