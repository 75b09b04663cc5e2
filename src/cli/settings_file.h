#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "base/result.h"

/// Every flag of a command is a setting. Its value is taken from the flag, else from the
/// environment variable, else from the file, else its default.
namespace dibs::cli {

struct Settings {
  std::string file;                    ///< as --config or DIBS_CONFIG gives it
  std::vector<CLI::Option*> required;  ///< must be given in one of the ways
};

/// Makes settings of all the flags that `app` has by now, hidden ones left out: `--some-name` gets
/// the variable DIBS_SOME_NAME if it has none, and one that is required may then come from
/// anywhere. Gives `app` the flag --config. Call it once, last; both live as long as the parsing
/// and `apply_settings`.
void add_settings(CLI::App& app, Settings& settings);

/// Sets from the TOML file every flag that neither command line nor environment gave, and checks
/// that what is required is there. Fails naming file and line when it is not TOML, or the key when
/// that is no setting of `app` or its value is not of the kind that the setting takes.
[[nodiscard]] Result<void> apply_settings(CLI::App& app, const Settings& settings);

}  // namespace dibs::cli
