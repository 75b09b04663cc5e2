#include "cli/secrets.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/assert.h"

namespace dibs::cli {
namespace {

/// 16 characters of base 16 are 64 bits: not to be guessed over a network.
constexpr std::size_t kSecretCharsMin = 16;

std::unexpected<Fault> too_short(const char* variable, const std::string& file) {
  return fault(FaultKind::bad_input,
               std::string("A secret of ") + (file.empty() ? variable : file) +
                   " is shorter than " + std::to_string(kSecretCharsMin) +
                   " characters and could be guessed.",
               "Make each with: openssl rand -hex 16");
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  const auto flush = [&] {
    const auto first = part.find_first_not_of(" \t\r");
    const auto last = part.find_last_not_of(" \t\r");
    if (first != std::string::npos && part[first] != '#') {
      parts.push_back(part.substr(first, last - first + 1));
    }
    part.clear();
  };
  for (const char c : text) {
    if (c == '\n' || c == ',') {
      flush();
    } else {
      part += c;
    }
  }
  flush();
  return parts;
}

Result<std::vector<std::string>> read_entries(const char* variable, const std::string& file) {
  std::string text;
  if (!file.empty()) {
    auto whole = read_whole_file(file);
    if (!whole) return std::unexpected(whole.error());
    text = std::move(*whole);
  } else if (const char* value = std::getenv(variable); value != nullptr) {
    text = value;
  }
  return split(text);
}

}  // namespace

Result<std::string> read_whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  if (in && in.peek() != std::ifstream::traits_type::eof()) all << in.rdbuf();
  if (in.bad() || !in.is_open()) {
    return fault(FaultKind::bad_input, "The file " + path + " cannot be read.",
                 "Check the path and its permissions.");
  }
  return all.str();
}

Result<std::vector<std::string>> read_secrets(const char* variable, const std::string& file) {
  auto secrets = read_entries(variable, file);
  if (!secrets) return secrets;
  const auto is_short = [](const std::string& one) { return one.size() < kSecretCharsMin; };
  if (std::ranges::any_of(*secrets, is_short)) return too_short(variable, file);
  return secrets;
}

Result<std::vector<std::pair<std::string, std::string>>> read_named_secrets(
    const char* variable, const std::string& file) {
  auto entries = read_entries(variable, file);
  if (!entries) return std::unexpected(entries.error());
  std::vector<std::pair<std::string, std::string>> named;
  for (const auto& entry : *entries) {
    const auto colon = entry.find(':');
    if (colon == std::string::npos || colon == 0) {
      return fault(
          FaultKind::bad_input,
          std::string("An entry of ") + (file.empty() ? variable : file) + " is not NAME:TOKEN.",
          "Write for example anna:$(openssl rand -hex 16).");
    }
    if (entry.size() - colon - 1 < kSecretCharsMin) return too_short(variable, file);
    named.emplace_back(entry.substr(0, colon), entry.substr(colon + 1));
  }
  return named;
}

Result<std::vector<webhook::Secret>> read_signing_secrets(const char* variable,
                                                          const std::string& file,
                                                          const std::string& what) {
  constexpr std::size_t kMost = 2;
  const auto texts = read_secrets(variable, file);
  if (!texts) return std::unexpected(texts.error());
  if (texts->size() > kMost) {
    return fault(FaultKind::bad_input, "There are more than two secrets for " + what + ".",
                 "Keep the one in use and the one that replaces it.");
  }
  std::vector<webhook::Secret> secrets;
  for (const std::string& text : *texts) {
    auto secret = webhook::Secret::parse(text);
    if (!secret) return std::unexpected(secret.error());
    secrets.push_back(std::move(*secret));
  }
  return secrets;
}

std::string random_secret() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  const auto got = getrandom(bytes.data(), bytes.size(), 0);
  DIBS_ASSERT(got == static_cast<ssize_t>(bytes.size()));
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kHex[byte >> 4U];
    text += kHex[byte & 15U];
  }
  return text;
}

}  // namespace dibs::cli
