#include "sandbox/sender.h"

#include <algorithm>
#include <utility>

#include "webhook/signature.h"

namespace dibs::sandbox {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(5);
constexpr Duration kBehindTheNext = std::chrono::milliseconds(300);
constexpr Duration kLongAgo = std::chrono::minutes(10);

bool taken(const Result<client::HttpAnswer>& answer) {
  return answer && answer->status >= 200 && answer->status < 300;
}

/// The event, changed so that it lies.
std::string changed(const std::string& body, void (*change)(Intent&)) {
  auto event = payment::parse_intent_event(body);
  if (!event) return body;
  change(event->intent);
  return payment::to_json(*event);
}

}  // namespace

Sender::Sender(Bank& bank, const Faults& faults, Dice& dice, Worker& worker, const Clock& clock)
    : bank_(bank), faults_(faults), dice_(dice), worker_(worker), clock_(clock), client_({}) {}

void Sender::send_all() {
  for (const BankEvent& event : bank_.unsent()) {
    if (under_way_.insert(event.number).second) begin(event);
  }
}

void Sender::begin(const BankEvent& event) {
  if (dice_.falls(faults_.never_sent)) {
    bank_.sent(event.number);
    under_way_.erase(event.number);
    return;
  }
  Duration wait{0};
  if (dice_.falls(faults_.reorder)) wait += kBehindTheNext;
  if (dice_.falls(faults_.late_webhook)) wait += milliseconds(faults_.late_ms);
  const bool twice = dice_.falls(faults_.duplicate);
  worker_.at(clock_.monotonic() + wait, [this, event, twice] {
    lie(event);
    if (twice) send(event, kFirstPause);
    send(event, kFirstPause);
  });
}

client::HttpCall Sender::signed_call(const std::string& id, Instant when, const std::string& body,
                                     const std::string& secret) const {
  const auto endpoint = bank_.endpoint();
  const auto key = webhook::Secret::parse(secret);
  client::HttpCall call{
      .method = "POST", .url = endpoint ? endpoint->url : "", .headers = {}, .body = {}};
  if (!key) return call;
  const auto signature = webhook::sign(id, when, body, {*key});
  call.headers = {{"Content-Type", "application/json"},
                  {"webhook-id", signature.id},
                  {"webhook-timestamp", signature.timestamp},
                  {"webhook-signature", signature.signature}};
  call.body = body;
  return call;
}

void Sender::send(BankEvent event, Duration pause) {
  const auto endpoint = bank_.endpoint();
  if (!endpoint) {
    under_way_.erase(event.number);  // begun anew once there is one
    return;
  }
  auto call = signed_call(event.id, clock_.now(), event.body, endpoint->secret);
  client_.send(std::move(call),
               [this, event = std::move(event), pause](const Result<client::HttpAnswer>& answer) {
                 worker_.soon([this, event, pause, good = taken(answer)] {
                   if (good) {
                     ++counters_.taken;
                     bank_.sent(event.number);
                     under_way_.erase(event.number);
                     return;
                   }
                   worker_.at(clock_.monotonic() + pause, [this, event, pause] {
                     send(event, std::min(pause * 2, kLongestPause));
                   });
                 });
               });
}

void Sender::lie(const BankEvent& event) {
  const auto endpoint = bank_.endpoint();
  if (!endpoint) return;
  const std::string id = event.id + "x";
  if (dice_.falls(faults_.forged)) {
    const auto success = changed(
        event.body, [](Intent& intent) { intent.status = Intent::Status::requires_capture; });
    post_lie(id, clock_.now(), success, webhook::Secret::random().text());
  }
  if (dice_.falls(faults_.wrong_amount)) {
    const auto less = changed(event.body, [](Intent& intent) {
      intent.amount = 1;
      intent.status = Intent::Status::requires_capture;
    });
    post_lie(id + "a", clock_.now(), less, endpoint->secret);
  }
  if (dice_.falls(faults_.wrong_order)) {
    const auto other = changed(event.body, [](Intent& intent) {
      intent.order = "ord_" + std::string(26, 'a') + intent.order.substr(intent.order.find('.'));
      intent.status = Intent::Status::requires_capture;
    });
    post_lie(id + "o", clock_.now(), other, endpoint->secret);
  }
  if (dice_.falls(faults_.stale)) {
    post_lie(event.id, clock_.now() - kLongAgo, event.body, endpoint->secret);
  }
}

void Sender::post_lie(const std::string& id, Instant when, const std::string& body,
                      const std::string& secret) {
  ++counters_.lies;
  client_.send(signed_call(id, when, body, secret),
               [this](const Result<client::HttpAnswer>& answer) {
                 const bool refused = answer && answer->status >= 400 && answer->status < 500;
                 worker_.soon([this, good = taken(answer), refused] {
                   if (good) ++counters_.lies_taken;
                   if (refused) ++counters_.lies_refused;
                 });
               });
}

}  // namespace dibs::sandbox
