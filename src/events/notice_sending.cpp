#include <utility>

#include "events/notice_relay_impl.h"
#include "webhook/target.h"

namespace dibs::events {
namespace {

constexpr std::uint16_t kGone = 410;

bool is_taken(std::uint16_t status) { return status >= 200 && status < 300; }
bool is_refusal(std::uint16_t status) {
  constexpr std::uint16_t kTimeout = 408;
  constexpr std::uint16_t kTooMany = 429;
  return status >= 400 && status < 500 && status != kTimeout && status != kTooMany;
}

/// `https://shop.example`: a path may hold what is nobody's business.
std::string origin_of(const std::string& url) {
  const auto host = url.find("://");
  if (host == std::string::npos) return url;
  return url.substr(0, url.find_first_of("/?#", host + 3));
}

}  // namespace

client::HttpCall NoticeRelay::Impl::call_for(const Sale& sale, const store::FedEvent& event) const {
  const std::string id = sale.id.value() + ":" + std::to_string(event.event.seq.value());
  client::HttpCall call;
  call.url = sale.url;
  call.body = options.body(sale.id, event.event, sale.test);
  auto signature = webhook::sign(id, clock.now(), call.body, options.secrets);
  call.headers = {{"Content-Type", "application/json"},
                  {"webhook-id", std::move(signature.id)},
                  {"webhook-timestamp", std::move(signature.timestamp)},
                  {"webhook-signature", std::move(signature.signature)}};
  return call;
}

void NoticeRelay::Impl::send(const SalePointer& sale) {
  const store::FedEvent* event = sale->queue.due(clock.monotonic());
  if (event == nullptr) return;
  const auto target = webhook::parse_target(sale->url);
  sale->queue.sent();
  ++sale->sent;
  if (!target) {
    return refused(sale, "the sale's notify is not " + std::string(webhook::kTargetRule), true);
  }
  client::HttpCall call = call_for(*sale, *event);
  call.loopback_only = !target->encrypted;
  auto done = [this, sale, url = sale->url](Result<client::HttpAnswer> answer) {
    worker.soon([this, sale, url, answer = std::move(answer)] { answered(sale, url, answer); });
  };
  if (options.send) return options.send(std::move(call), std::move(done));
  client->send(std::move(call), std::move(done));
}

void NoticeRelay::Impl::answered(const SalePointer& sale, const std::string& url,
                                 const Result<client::HttpAnswer>& answer) {
  const auto found = sales.find(sale->id);
  if (found == sales.end() || found->second != sale) return;  // not to be told any more
  if (answer && is_taken(answer->status)) {
    sale->queue.answered();
    changed();
    return advance(sale);
  }
  if (!answer) {
    std::string why = answer.error().what;
    // The client names the whole URL.
    if (why.starts_with(url)) why.replace(0, url.size(), origin_of(url));
    return refused(sale, std::move(why), false);
  }
  std::string why = std::to_string(answer->status) + " from " + origin_of(url);
  if (answer->status == kGone) {
    why += " (gone: take notify out of the sale if nobody listens there)";
  }
  refused(sale, std::move(why), is_refusal(answer->status));
}

/// Tried again for ever: what a shop refuses today it may take once it is mended.
void NoticeRelay::Impl::refused(const SalePointer& sale, std::string why, bool by_shop) {
  ++sale->failed;
  const bool news = sale->queue.last_error() != why;
  if (news) {
    options.on_warning("Notices of sale " + sale->id.value() + " are not taken: " + why +
                       ". They are repeated" +
                       (by_shop ? "; check the sale's notify and the secret there." : "."));
  }
  const double draw = std::uniform_real_distribution<double>(0, 1)(random);
  const Duration again = sale->queue.failed(clock.monotonic(), std::move(why), draw);
  publish(*sale);
  worker.at(again, [this, sale] {
    const auto found = sales.find(sale->id);
    if (found != sales.end() && found->second == sale) advance(sale);
  });
}

}  // namespace dibs::events
