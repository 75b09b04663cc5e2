#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "webhook/signature.h"

/// Secrets come from the environment or a file, never from a flag, which every process could read.
namespace dibs::cli {

/// The bytes of a file as they are: a key in PEM, or a secret that may hold commas.
[[nodiscard]] Result<std::string> read_whole_file(const std::string& path);

/// One secret a line or comma, blank lines and `#` lines skipped. Fails, without showing it, when
/// one is shorter than 16 characters.
[[nodiscard]] Result<std::vector<std::string>> read_secrets(const char* variable,
                                                            const std::string& file);

/// The same with a name before each: `anna:…`. Fails without showing the secret.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> read_named_secrets(
    const char* variable, const std::string& file);

/// The secrets that sign `what` ("webhooks"): one, or two while it is changed.
[[nodiscard]] Result<std::vector<webhook::Secret>> read_signing_secrets(const char* variable,
                                                                        const std::string& file,
                                                                        const std::string& what);

/// A fresh random secret, 32 hexadecimal characters.
[[nodiscard]] std::string random_secret();

}  // namespace dibs::cli
