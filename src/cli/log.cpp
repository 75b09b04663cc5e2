#include "cli/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <iostream>

namespace dibs::cli {
namespace {

LogFormat chosen = LogFormat::text;

/// A message is data: line ends and quotes in it must not look like further entries or members.
std::string escaped(std::string_view message) {
  std::string out;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else if (chosen == LogFormat::json && (c == '"' || c == '\\')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void start_log(LogFormat format, bool quiet) {
  chosen = format;
  auto logger = spdlog::stderr_color_mt("dibs");
  logger->set_pattern(format == LogFormat::json
                          ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})"
                          : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v",
                      spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  if (quiet) logger->set_level(spdlog::level::warn);
  spdlog::set_default_logger(logger);
}

void log_info(std::string_view message) { spdlog::info("{}", escaped(message)); }
void log_warning(std::string_view message) { spdlog::warn("{}", escaped(message)); }

void log_fault(const Fault& fault) {
  spdlog::error("{}", escaped(fault.what + " " + fault.remedy));
}

void complain(const Fault& fault) {
  std::cerr << "dibs: " << fault.what << '\n';
  if (!fault.remedy.empty()) std::cerr << "      " << fault.remedy << '\n';
}

}  // namespace dibs::cli
