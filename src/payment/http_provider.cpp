#include "payment/http_provider.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "payment/http_calls.h"
#include "payment/wire.h"

namespace dibs::payment {
namespace {

using client::HttpAnswer;
using Status = Intent::Status;

constexpr const char* kIntents = "/v1/payment_intents";
constexpr Duration kFirstPoll = std::chrono::milliseconds(200);
constexpr Duration kLongestPoll = std::chrono::seconds(5);

bool is_open(const Intent& intent) {
  return intent.status == Status::requires_capture || intent.status == Status::processing;
}

bool is_taken(const Intent& intent) {
  return intent.status == Status::captured || intent.status == Status::refunded;
}

/// What an intent says about its attempt; nothing while it is not decided.
std::optional<Verdict> verdict_of(const Intent& intent) {
  if (intent.status == Status::processing) return std::nullopt;
  if (intent.status == Status::requires_capture || is_taken(intent)) return Verdict::authorised;
  return Verdict::declined;
}

std::string path_of(const Intent& intent, std::string_view action) {
  return std::string(kIntents) + "/" + intent.id + "/" + std::string(action);
}

class Client final : public HttpProvider {
 public:
  Client(Options options, const Clock& clock) : calls_(std::move(options), clock) {}

  void authorise(const Attempt& attempt, std::move_only_function<void(Verdict)> done) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.insert_or_assign(attempt.key, Waiting{attempt, std::move(done)});
    }
    ask(attempt);
  }

  void capture(const OrderId& order, std::int64_t amount,
               std::move_only_function<void(bool)> done) override {
    find(order,
         [this, order, amount, done = std::move(done)](const std::vector<Intent>& intents) mutable {
           capture_one(order, amount, intents, std::move(done));
         });
  }

  void void_authorisation(const OrderId& order, std::move_only_function<void(bool)> done) override {
    find(order, [this, order, done = std::move(done)](const std::vector<Intent>& intents) mutable {
      const auto open = std::ranges::find_if(intents, is_open);
      if (open == intents.end()) return done(true);
      calls_.post(path_of(*open, "cancel"), "{}", "cancel:" + open->id,
                  [this, order, done = std::move(done)](const HttpAnswer& answer) mutable {
                    calls_.later(answer.status == 200 ? Duration(0) : kFirstPoll,
                                 [this, order, done = std::move(done)]() mutable {
                                   void_authorisation(order, std::move(done));  // until none is
                                 });
                  });
    });
  }

  void refund(const OrderId& order, std::move_only_function<void(bool)> done) override {
    find(order, [this, done = std::move(done)](const std::vector<Intent>& intents) mutable {
      const auto taken = std::ranges::find_if(intents, is_taken);
      if (taken == intents.end()) return done(false);
      if (taken->status == Status::refunded) return done(true);
      calls_.post(path_of(*taken, "refund"), "{}", "refund:" + taken->id,
                  [done = std::move(done)](const HttpAnswer& answer) mutable {
                    done(answer.status == 200);
                  });
    });
  }

  void open_payments(std::move_only_function<void(std::vector<OpenPayment>)> done) override {
    collect_open("", {}, std::move(done));
  }

  void look_up(const std::string& key,
               std::move_only_function<void(std::optional<Verdict>)> done) override {
    calls_.get_once(std::string(kIntents) + "?attempt=" + key,
                    [done = std::move(done)](const Result<HttpAnswer>& answer) mutable {
                      const auto page = answer && answer->status == 200
                                            ? parse_intents(answer->body)
                                            : Result<IntentPage>(IntentPage{});
                      if (!page || page->intents.empty()) return done(std::nullopt);
                      done(verdict_of(page->intents.front()));
                    });
  }

  bool hear(const Told& told) override {
    if (!told.verdict) return false;
    return resolve(told.key, *told.verdict);
  }

  [[nodiscard]] std::optional<Duration> closed_for() const override { return calls_.closed_for(); }
  [[nodiscard]] bool answers_at_once(std::string_view /*token*/) const override { return false; }

  void register_webhook(const std::string& url, const webhook::Secret& secret) override {
    calls_.put(
        "/v1/webhook_endpoint", R"({"url":")" + url + R"(","secret":")" + secret.text() + "\"}",
        [this](const HttpAnswer& answer) {
          if (answer.status == 200) return;
          calls_.warn("the payment provider does not take the address of our webhook (status " +
                      std::to_string(answer.status) +
                      "), so late results are asked for; to be told, agree on a secret and give "
                      "--webhook-secret-file");
        });
  }

 private:
  struct Waiting {
    Attempt attempt;
    std::move_only_function<void(Verdict)> done;
  };

  void ask(const Attempt& attempt) {
    const IntentRequest request{.order = to_text(attempt.order),
                                .amount = attempt.amount,
                                .currency = attempt.currency,
                                .token = attempt.token};
    calls_.post(
        kIntents, to_json(request), attempt.key,
        [this, key = attempt.key](const HttpAnswer& answer) { decide(key, answer, kFirstPoll); });
  }

  void ask_again(const std::string& key) {
    std::optional<Attempt> attempt;
    {
      const std::lock_guard lock(mutex_);
      const auto found = waiting_.find(key);
      if (found != waiting_.end()) attempt = found->second.attempt;
    }
    if (attempt) ask(*attempt);
  }

  /// Ends the wait for an attempt; false when nobody waits (any more).
  bool resolve(const std::string& key, Verdict verdict) {
    std::move_only_function<void(Verdict)> done;
    {
      const std::lock_guard lock(mutex_);
      const auto found = waiting_.find(key);
      if (found == waiting_.end()) return false;
      done = std::move(found->second.done);
      waiting_.erase(found);
    }
    done(verdict);
    return true;
  }

  /// Whether the intent is for what was asked. A provider that authorises something else has not
  /// authorised this.
  bool fits(const std::string& key, const Intent& intent) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return true;
    const Attempt& attempt = found->second.attempt;
    return intent.amount == attempt.amount && intent.currency == attempt.currency &&
           intent.order == to_text(attempt.order);
  }

  /// An answer about the intent of an attempt: decided, or to be asked for again.
  void decide(const std::string& key, const HttpAnswer& answer, Duration poll) {
    if (answer.status == 402) {
      resolve(key, Verdict::declined);
      return;
    }
    const auto intent = answer.status == 200 || answer.status == 201
                            ? parse_intent(answer.body)
                            : fault(FaultKind::bad_input,
                                    "It answers with status " + std::to_string(answer.status) + ".",
                                    answer.body.substr(0, 200));
    if (!intent) {
      calls_.warn("the payment provider did not take the attempt " + key + ": " +
                  intent.error().what + " " + intent.error().remedy);
      // Below 300 it has taken something, whatever it says: what that is must be found out.
      if (answer.status >= 300) {
        resolve(key, Verdict::declined);
        return;
      }
      return calls_.later(kLongestPoll, [this, key] { ask_again(key); });
    }
    if (!fits(key, *intent)) {
      calls_.warn("the payment provider took the attempt " + key + " for another order or amount");
      resolve(key, Verdict::declined);
      return;
    }
    if (const auto verdict = verdict_of(*intent)) {
      resolve(key, *verdict);
      return;
    }
    calls_.later(poll, [this, key, id = intent->id, poll] {
      if (!waits_for(key)) return;  // a webhook was faster
      calls_.get(std::string(kIntents) + "/" + id, [this, key, poll](const HttpAnswer& later) {
        decide(key, later, std::min(poll * 2, kLongestPoll));
      });
    });
  }

  bool waits_for(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return waiting_.contains(key);
  }

  /// All intents of an order, asked for until they are known.
  void find(const OrderId& order, std::move_only_function<void(std::vector<Intent>)> then) {
    calls_.get(std::string(kIntents) + "?order=" + to_text(order),
               [this, order, then = std::move(then)](const HttpAnswer& answer) mutable {
                 auto page = answer.status == 200 ? parse_intents(answer.body)
                                                  : Result<IntentPage>(std::unexpected(Fault{}));
                 if (page) return then(std::move(page->intents));
                 calls_.warn("the payment provider's list of an order cannot be read: status " +
                             std::to_string(answer.status) + " " + page.error().what);
                 calls_.later(kLongestPoll, [this, order, then = std::move(then)]() mutable {
                   find(order, std::move(then));
                 });
               });
  }

  void capture_one(const OrderId& order, std::int64_t amount, const std::vector<Intent>& intents,
                   std::move_only_function<void(bool)> done) {
    const auto taken = std::ranges::find_if(intents, is_taken);
    if (taken != intents.end()) {
      // Whatever else is open for it would be a second payment.
      return void_authorisation(order, [done = std::move(done)](bool) mutable { done(true); });
    }
    const auto open = std::ranges::find_if(intents, [amount](const Intent& intent) {
      return intent.status == Status::requires_capture && intent.amount == amount;
    });
    if (open == intents.end()) return refused(order, std::move(done));
    const bool only_one = std::ranges::count_if(intents, is_open) == 1;
    calls_.post(
        path_of(*open, "capture"), "{}", "capture:" + open->id,
        [this, order, amount, only_one, done = std::move(done)](const HttpAnswer& answer) mutable {
          if (answer.status == 402) return refused(order, std::move(done));
          if (answer.status == 200 && only_one) return done(true);
          calls_.later(answer.status == 200 ? Duration(0) : kFirstPoll,
                       [this, order, amount, done = std::move(done)]() mutable {
                         capture(order, amount, std::move(done));  // ends at `taken`
                       });
        });
  }

  /// The capture was finally refused: nothing is to be left reserved.
  void refused(const OrderId& order, std::move_only_function<void(bool)> done) {
    void_authorisation(order, [done = std::move(done)](bool) mutable { done(false); });
  }

  void collect_open(const std::string& after, std::vector<OpenPayment> so_far,
                    std::move_only_function<void(std::vector<OpenPayment>)> done) {
    calls_.get_once(
        std::string(kIntents) + "?status=open" + (after.empty() ? "" : "&after=" + after),
        [this, so_far = std::move(so_far),
         done = std::move(done)](const Result<HttpAnswer>& answer) mutable {
          const auto page = answer && answer->status == 200
                                ? parse_intents(answer->body)
                                : Result<IntentPage>(std::unexpected(Fault{}));
          if (!page) return done(std::move(so_far));
          for (const Intent& intent : page->intents) {
            const auto order = parse_order_id(intent.order);
            if (!order || intent.status != Status::requires_capture) continue;
            so_far.push_back({*order, intent.amount, intent.currency});
          }
          if (page->next.empty()) return done(std::move(so_far));
          collect_open(page->next, std::move(so_far), std::move(done));
        });
  }

  std::mutex mutex_;                        ///< guards waiting_; not held while anybody is called
  std::map<std::string, Waiting> waiting_;  ///< by attempt key
  HttpCalls calls_;
};

}  // namespace

Result<std::unique_ptr<HttpProvider>> make_http_provider(HttpProvider::Options options,
                                                         const Clock& clock) {
  while (options.url.ends_with('/')) options.url.pop_back();
  const bool http = options.url.starts_with("http://") || options.url.starts_with("https://");
  if (!http || options.url.find_first_of(" ?#\"\\") != std::string::npos) {
    return fault(FaultKind::bad_input, "The payment provider's address is not a URL.",
                 "Give --payments http://HOST:PORT or https://HOST.");
  }
  return std::make_unique<Client>(std::move(options), clock);
}

}  // namespace dibs::payment
