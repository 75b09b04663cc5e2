#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// The log on standard error, one line an entry, as text or as JSON. No secret and no buyer's token
/// is ever given to it.
namespace dibs::cli {

enum class LogFormat { text, json };

/// `quiet`: warnings and faults only.
void start_log(LogFormat format, bool quiet);
void log_info(std::string_view message);
void log_warning(std::string_view message);
/// What went wrong and what to do about it.
void log_fault(const Fault& fault);

/// For commands that talk to a person: the same on standard error without time and level.
void complain(const Fault& fault);

}  // namespace dibs::cli
