#include "load/aftermath.h"

#include "load/answer.h"

namespace dibs::load {
namespace {

constexpr int kOrdersMax = 1'000;  ///< about 0.1 ms each
constexpr int kReplaysMax = 20;

void look(PlainClient& client, const Script& script, Press& press, Findings& findings) {
  std::string request;
  script.write({press.buyer, Ask::look}, press.order, request);
  const auto answer = client.ask(request);
  if (!answer) return;
  if (!findings.expect(answer->status == 200, "An order could not be read afterwards",
                       press.order)) {
    return;
  }
  const std::string_view state = text_member(answer->body, "state");
  if (findings.expect(state == press.state, "An order is not as its buyer last saw it",
                      press.order + ": " + press.state + ", then " + std::string(state))) {
    return;
  }
  press.outcome = Outcome::wrong_buyer;
}

void replay(PlainClient& client, const Script& script, const Press& press, Findings& findings) {
  std::string request;
  script.write({press.buyer, Ask::press}, press.order, request);
  const auto answer = client.ask(request);
  if (!answer) return;
  if (!findings.expect(answer->status == 201, "A replay was not answered with 201", press.order)) {
    return;
  }
  const bool same = text_member(answer->body, "id") == press.order &&
                    number_member(answer->body, "arrival") == press.arrival;
  findings.expect(same, "A replay gave another order or arrival", press.order);
  findings.expect(answer->header("idempotency-replayed") == "true",
                  "A replay is not marked with Idempotency-Replayed", press.order);
}

}  // namespace

void check_payments(std::vector<Press>& presses, Findings& findings) {
  for (Press& press : presses) {
    if (!press.payment_fails || press.outcome != Outcome::paid) continue;
    press.outcome = Outcome::wrong_buyer;
    findings.add("There is a buyer whose payment was declined and whose order is paid",
                 press.order);
  }
}

void ask_once_more(std::span<PlainClient> gateways, const Script& script, bool replays,
                   std::vector<Press>& presses, Findings& findings) {
  int orders = 0;
  for (Press& press : presses) {
    const bool settled = press.outcome == Outcome::paid || press.outcome == Outcome::payment_failed;
    const std::size_t own = press.buyer % gateways.size();
    PlainClient& next = gateways[(own + 1) % gateways.size()];
    if (gateways[own].lost() || next.lost() || orders == kOrdersMax) return;
    if (!settled) continue;
    if (orders++ < kReplaysMax && replays) replay(next, script, press, findings);
    look(gateways[own], script, press, findings);
  }
}

}  // namespace dibs::load
