#include "sale/checkers/words.h"

#include <variant>

namespace dibs::sale::checkers {
namespace {

struct SituationOf {
  std::string operator()(const Released& f) const {
    return " " + std::string(to_text(f.reason)) + " " + std::string(to_text(f.money));
  }
  std::string operator()(const Paid& f) const {
    return (f.late ? " late " : " ") + std::string(to_text(f.money));
  }
  std::string operator()(const Accepted& f) const {
    return f.lines.size() > 1 ? " several SKUs" : "";
  }
  std::string operator()(const LineEnded& f) const { return f.by_close ? " by close" : ""; }
  std::string operator()(const Resumed& f) const { return f.restart ? " restart" : ""; }
  std::string operator()(const auto&) const { return ""; }
};

}  // namespace

std::string situation_of(const Event& event) {
  return std::string(type_of(event)) + std::visit(SituationOf{}, event.fact);
}

std::string words_of(const Event& event) {
  std::string words(type_of(event));
  if (const auto order = order_of(event)) words += " " + std::to_string(order->arrival.value());
  std::visit(
      [&words](const auto& fact) {
        if constexpr (requires { fact.sku; }) words += " " + fact.sku.value();
      },
      event.fact);
  return words;
}

}  // namespace dibs::sale::checkers
