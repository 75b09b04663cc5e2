#include "load/violation_words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dibs::load {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr auto kRows = std::to_array<Row>({
    {"A first answer is called a replay", "첫 응답이 재전송 응답으로 표시됨"},
    {"A held order does not say when the hold ends", "결제 대기 주문에 기한이 없음"},
    {"A numbered answer lacks its arrival", "번호를 받은 응답에 도착 번호가 없음"},
    {"A press begun after another was answered got the smaller arrival",
     "다른 사람이 응답을 받은 뒤에 누른 요청이 더 작은 도착 번호를 받음"},
    {"A reason is not shown exactly when released", "해제된 주문에만 있어야 할 사유가 맞지 않음"},
    {"A refusal does not say if it may be retried", "거절 응답에 재시도 가능 여부가 없음"},
    {"A refusal has a code or status that the contract does not know",
     "규약에 없는 거절 코드 또는 상태"},
    {"A refusal lacks Retry-After", "거절 응답에 Retry-After가 없음"},
    {"A refusal lacks type, title or detail", "거절 응답에 type, title, detail 중 빠진 것이 있음"},
    {"A refusal names another status", "거절 응답 본문의 상태가 실제와 다름"},
    {"A replay gave another order or arrival", "재전송에 다른 주문이나 도착 번호로 응답함"},
    {"A replay is not marked with Idempotency-Replayed",
     "재전송 응답에 Idempotency-Replayed 표시가 없음"},
    {"A replay was not answered with 201", "재전송에 201로 응답하지 않음"},
    {"A request that was not numbered shows an arrival",
     "번호를 받지 않은 요청에 도착 번호가 있음"},
    {"A request was not answered", "응답을 받지 못한 요청"},
    {"A sale has no items", "판매에 상품이 없음"},
    {"A sale has no readable server_time", "판매의 server_time을 읽을 수 없음"},
    {"A sale is answered with another status than 200", "판매 조회에 200이 아닌 상태로 응답함"},
    {"A sale is in an unknown state", "판매가 알 수 없는 상태임"},
    {"An accepted order's status does not fit its state",
     "접수된 주문의 응답 상태가 주문 상태와 맞지 않음"},
    {"An answer has the wrong content type", "응답의 콘텐츠 형식이 잘못됨"},
    {"An answer is not a JSON object", "응답이 JSON 객체가 아님"},
    {"An answer is not strict HTTP/1.1", "응답이 엄격한 HTTP/1.1이 아님"},
    {"An answer shows another buyer's order", "다른 구매자의 주문이 응답에 나타남"},
    {"An arrival number was given twice", "같은 도착 번호가 두 번 주어짐"},
    {"An order could not be read afterwards", "시험이 끝난 뒤 주문을 읽을 수 없음"},
    {"An order has no items", "주문에 상품이 없음"},
    {"An order has no readable created_at", "주문의 created_at을 읽을 수 없음"},
    {"An order is answered with a wrong status", "주문 요청에 잘못된 상태로 응답함"},
    {"An order is in an unknown state", "주문이 알 수 없는 상태임"},
    {"An order is not as its buyer last saw it", "주문이 구매자가 마지막으로 본 것과 다름"},
    {"An order lacks amount or currency", "주문에 금액이나 통화가 없음"},
    {"An order names another sale", "주문이 다른 판매를 가리킴"},
    {"An order was released for an unknown reason", "주문이 알 수 없는 사유로 해제됨"},
    {"An order's arrival changed between two answers", "두 응답 사이에 주문의 도착 번호가 바뀜"},
    {"An order's id does not have the agreed form", "주문 번호가 약속한 형식이 아님"},
    {"An order's money is in an unknown state", "주문의 돈이 알 수 없는 상태임"},
    {"An order's seq went back between two answers", "두 응답 사이에 주문의 seq가 줄어듦"},
    {"Available, held and sold do not add up to the total",
     "판매 가능, 결제 대기, 판매됨의 합이 전체와 다름"},
    {"Gateways show different stock of the same sale", "게이트웨이마다 같은 판매의 재고가 다름"},
    {"Place and position are not shown exactly while waiting",
     "대기 중에만 있어야 할 자리와 순번이 맞지 않음"},
    {"The sale counts other units as sold than its buyers have bought",
     "판매됨으로 센 수량이 구매자가 산 수량과 다름"},
    {"There is a buyer whose payment was declined and whose order is paid",
     "결제가 거절된 구매자의 주문이 결제됨으로 나타남"},
    {"Two buyers were given the same order", "두 구매자가 같은 주문을 받음"},
    {"Two orders have the same place in the line", "두 주문의 대기 줄 자리가 같음"},
});

}  // namespace

std::string_view violation_in_korean(std::string_view what) {
  const auto* found = std::ranges::find(kRows, what, &Row::first);
  return found == kRows.end() ? what : found->second;
}

}  // namespace dibs::load
