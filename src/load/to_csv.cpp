#include "load/report.h"

namespace dibs::load {
namespace {

/// Quoted when it must be. What begins like a formula is not: no field can, see the contract.
void append_field(std::string_view text, std::string& out) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

/// Nothing for a moment that never came.
void append_time(std::int64_t time_ns, std::string& out) {
  out.push_back(',');
  if (time_ns != kNever) out.append(std::to_string(time_ns));
}

void append_row(const Run& run, std::size_t index, std::string& out) {
  const Press& press = run.presses[index];
  out.append(std::to_string(index + 1)).push_back(',');
  append_field(run.options.buyer_prefix + std::to_string(press.buyer + 1), out);
  append_time(press.sent_at_ns, out);
  append_time(press.sent_done_ns, out);
  append_time(press.answered_at_ns, out);
  append_time(press.final_at_ns, out);
  out.append(",").append(std::to_string(press.status)).append(",");
  append_field(press.code, out);
  out.push_back(',');
  if (press.arrival != 0) out.append(std::to_string(press.arrival));
  out.push_back(',');
  append_field(press.order, out);
  out.push_back(',');
  append_field(press.state.empty() ? info(press.outcome).name : press.state, out);
  out.push_back('\n');
}

}  // namespace

std::string to_csv(const Run& run) {
  std::string out =
      "press,buyer,sent_at_ns,sent_done_ns,answered_at_ns,final_at_ns,status,code,arrival,order,"
      "final_state\n";
  for (std::size_t i = 0; i < run.presses.size(); ++i) append_row(run, i, out);
  return out;
}

}  // namespace dibs::load
