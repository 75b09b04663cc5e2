#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace dibs::load {

/// What became of one buyer. Every buyer has exactly one outcome, so their counts add up to the
/// number of buyers.
///
/// X(name in JSON and CSV, English, Korean)
#define DIBS_OUTCOMES(X)                                                           \
  X(entry_failed, "Left before buying", "입장 실패")                               \
  X(lock_failed, "Lock not obtained", "락 획득 실패")                              \
  X(sold_out, "Out of stock", "재고 없음")                                         \
  X(waiting_ended, "Waited, nothing came back", "대기 종료")                       \
  X(payment_failed, "Own payment failed", "결제 실패")                             \
  X(paid, "Bought", "구매 성공")                                                   \
  X(stranded, "Stranded: accepted, never finished", "미완료: 접수 후 끝나지 않음") \
  X(wrong_buyer, "Another buyer's order touched", "다른 구매자의 주문이 바뀜")     \
  X(cancelled, "Cancelled", "취소")                                                \
  X(refused_early, "Refused before competing", "경쟁 전 거절")                     \
  X(error, "Error", "오류")

enum class Outcome : std::uint8_t {
#define DIBS_OUTCOME_NAME(name, english, korean) name,
  DIBS_OUTCOMES(DIBS_OUTCOME_NAME)
#undef DIBS_OUTCOME_NAME
};

struct OutcomeInfo {
  std::string_view name;
  std::string_view english;
  std::string_view korean;
};

inline constexpr auto kOutcomes = std::to_array<OutcomeInfo>({
#define DIBS_OUTCOME_ROW(name, english, korean) {#name, english, korean},
    DIBS_OUTCOMES(DIBS_OUTCOME_ROW)
#undef DIBS_OUTCOME_ROW
});

inline constexpr std::size_t kOutcomeCount = kOutcomes.size();

[[nodiscard]] constexpr std::size_t index_of(Outcome outcome) {
  return static_cast<std::size_t>(outcome);
}

[[nodiscard]] constexpr const OutcomeInfo& info(Outcome outcome) {
  return kOutcomes.at(index_of(outcome));
}

/// The rows of the shop's own table: shown even when nobody is in them.
[[nodiscard]] constexpr bool is_always_shown(Outcome outcome) {
  return outcome == Outcome::entry_failed || outcome == Outcome::lock_failed ||
         outcome == Outcome::sold_out || outcome == Outcome::payment_failed ||
         outcome == Outcome::paid;
}

}  // namespace dibs::load
