#include "sim/people.h"

#include <algorithm>
#include <chrono>

namespace dibs::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kSkus = 3;

}  // namespace

struct People::Call {
  std::string sale;
  sale::Command command;
  Heard heard;
  bool answered = false;
};

People::People(Random& random, Agenda& agenda, engine::ManualClock& clock, Server& server,
               Options options)
    : random_(random), agenda_(agenda), clock_(clock), server_(server), options_(options) {
  for (std::uint64_t i = 0; i < options_.sales; ++i) sales_.push_back("s" + std::to_string(i));
}

void People::begin() {
  for (const std::string& sale : sales_) {
    sale::Put put;
    put.spec.title = sale;
    put.spec.currency = "KRW";
    put.spec.payment = random_.chance(500) ? sale::PaymentMode::provider : sale::PaymentMode::shop;
    if (server_.has_desk() && put.spec.payment == sale::PaymentMode::provider)
      by_provider_.insert(sale);
    const std::uint64_t most_stock = random_.chance(500) ? 4 : 12;
    for (std::uint64_t i = 0; i < kSkus; ++i) {
      put.spec.items.push_back({SkuId("sku" + std::to_string(i)), "Item", 100,
                                static_cast<std::int64_t>(random_.below(most_stock))});
    }
    if (random_.chance(500))
      put.spec.opens_at = clock_.now() + random_.between(Duration(0), seconds(2));
    if (random_.chance(200))
      put.spec.closes_at = clock_.now() + random_.between(seconds(3), seconds(20));
    put.spec.hold_seconds = 1 + static_cast<std::int64_t>(random_.below(4));
    put.spec.payment_seconds = 1 + static_cast<std::int64_t>(random_.below(3));
    put.spec.promotion_seconds = 1 + static_cast<std::int64_t>(random_.below(4));
    put.spec.payment_attempts = 1 + static_cast<std::uint32_t>(random_.below(2));
    put.spec.limit_per_buyer = 1 + random_.below(4);
    if (random_.chance(600)) put.spec.line_limit = random_.below(12);
    put.present = UINT32_MAX;
    ask(sale, {.action = put, .actor = "anna"}, [this, sale](const sale::Outcome&) {
      later(Duration(0), seconds(1), [this, sale] { operate(sale, 4); });
    });
  }
  for (std::uint64_t buyer = 0; buyer < options_.buyers; ++buyer) {
    later(milliseconds(1), milliseconds(2500),
          [this, buyer] { buy(buyer, 1 + random_.below(options_.buys_each)); });
  }
}

std::string People::a_sku() { return "sku" + std::to_string(random_.below(kSkus)); }

void People::later(Duration least, Duration most, Agenda::Happening happening) {
  agenda_.after(random_.between(least, most), std::move(happening));
}

void People::ask(const std::string& sale, sale::Command command, Heard heard) {
  auto call = std::make_shared<Call>(sale, std::move(command), std::move(heard));
  ++open_;
  ++asked_;
  send(call);
}

void People::send(const std::shared_ptr<Call>& call) {
  if (call->answered) return;
  const int copies = options_.quiet ? 1 : random_.chance(30) ? 0 : random_.chance(50) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    later(microseconds(20), milliseconds(20), [this, call] {
      server_.arrive(call->sale, call->command, [this, call](const sale::Outcome* outcome) {
        if (outcome == nullptr) return;  // the connection broke: nobody knows
        if (!options_.quiet && random_.chance(30)) return;
        later(microseconds(20), milliseconds(20), [this, call, heard = *outcome] {
          if (std::exchange(call->answered, true)) return;
          --open_;
          call->heard(heard);
        });
      });
    });
  }
  later(milliseconds(50), milliseconds(600), [this, call] { send(call); });
}

void People::buy(std::uint64_t buyer, std::uint64_t left) {
  if (options_.quiet) return;
  const std::string sale = a_sale();
  sale::Buy wish;
  wish.buyer = BuyerId("b" + std::to_string(buyer));
  wish.key = IdempotencyKey("k" + std::to_string(++keys_));
  wish.lines = {{SkuId(a_sku()), 1 + static_cast<std::uint32_t>(random_.below(2)), 0}};
  if (random_.chance(250)) {
    const SkuId other(a_sku());
    if (other != wish.lines.front().sku) wish.lines.push_back({other, 1, 0});
    std::ranges::sort(wish.lines, {}, &sale::OrderLine::sku);
  }
  ask(sale, {.action = wish}, [this, sale, buyer, left](const sale::Outcome& outcome) {
    if (outcome.order) decide(sale, *outcome.order);
    if (left > 1) {
      later(milliseconds(1), seconds(3), [this, buyer, left] { buy(buyer, left - 1); });
    }
  });
}

/// What the buyer of an order that is held or waits does next.
void People::decide(const std::string& sale, const sale::OrderView& order) {
  const OrderKey key = order.id.key;
  if (random_.chance(30)) {  // somebody else tries to take it away
    ask(sale, {.action = sale::Cancel{key}, .owner = BuyerId("mallory")}, [](const auto&) {});
  }
  if (order.state == sale::OrderState::waiting) {
    if (random_.chance(250)) {
      later(milliseconds(1), seconds(3),
            [this, sale, key] { ask(sale, {.action = sale::Cancel{key}}, [](const auto&) {}); });
    } else {
      // Whoever waits may be promoted by then, and pays.
      later(milliseconds(200), seconds(4), [this, sale, key] { pay(sale, key); });
    }
    return;
  }
  if (order.state != sale::OrderState::held && order.state != sale::OrderState::paying) return;
  if (random_.chance(200)) return;  // walks away; the hold ends by itself
  if (random_.chance(150)) {
    later(milliseconds(1), seconds(2),
          [this, sale, key] { ask(sale, {.action = sale::Cancel{key}}, [](const auto&) {}); });
    return;
  }
  later(milliseconds(1), seconds(3), [this, sale, key] { pay(sale, key); });
}

/// The bank says how it went, to the server; who has pressed may press again, leave, or want it
/// back.
void People::pay_by_provider(const std::string& sale, const OrderKey& key, std::uint64_t tries) {
  ask(sale, {.action = sale::BeginPayment{key}}, [this, sale, key, tries](const sale::Outcome&) {
    if (tries > 1 && random_.chance(500)) {
      later(milliseconds(1), seconds(4),
            [this, sale, key, tries] { pay_by_provider(sale, key, tries - 1); });
    }
    if (random_.chance(80)) {
      later(milliseconds(1), seconds(3),
            [this, sale, key] { ask(sale, {.action = sale::Cancel{key}}, [](const auto&) {}); });
    }
    if (random_.chance(150)) {
      const bool restock = random_.chance(500);
      later(milliseconds(1), seconds(6), [this, sale, key, restock] {
        ask(sale, {.action = sale::Refund{key, restock}, .actor = "anna"}, [](const auto&) {});
      });
    }
  });
}

void People::pay(const std::string& sale, const OrderKey& key) {
  if (by_provider_.contains(sale)) return pay_by_provider(sale, key, 3);
  ask(sale, {.action = sale::BeginPayment{key}}, [this, sale, key](const sale::Outcome& outcome) {
    if (outcome.code != sale::Code::ok && !random_.chance(300)) return;
    const bool good = random_.chance(650);
    const bool captured = random_.chance(500);
    later(milliseconds(1), seconds(3), [this, sale, key, good, captured] {
      const auto settled = [this, sale, key, captured](const sale::Outcome& done) {
        if (done.order) after_payment(sale, *done.order);
        if (done.code != sale::Code::too_late || !random_.chance(300)) return;
        later(milliseconds(1), seconds(4), [this, sale, key, captured] {  // a shop that insists
          ask(sale, {.action = sale::PaymentSucceeded{key, captured}}, [](const auto&) {});
        });
      };
      if (good) {
        ask(sale, {.action = sale::PaymentSucceeded{key, captured}}, settled);
      } else if (random_.chance(500)) {
        ask(sale, {.action = sale::PaymentFailed{key}}, settled);
      } else {
        ask(sale, {.action = sale::Release{key, sale::Reason::payment_failed}}, settled);
      }
    });
  });
}

void People::after_payment(const std::string& sale, const sale::OrderView& order) {
  const OrderKey key = order.id.key;
  if (order.state == sale::OrderState::held) return decide(sale, order);  // it may be tried again
  if (order.money == sale::Money::authorised && order.state == sale::OrderState::paid) {
    const bool captured = random_.chance(850);
    later(milliseconds(1), seconds(4), [this, sale, key, captured] {
      ask(sale, {.action = sale::CaptureSettled{key, captured}}, [](const auto&) {});
    });
  }
  if (order.state == sale::OrderState::paid && random_.chance(100)) {
    const bool restock = random_.chance(500);
    later(milliseconds(1), seconds(3), [this, sale, key, restock] {
      ask(sale, {.action = sale::Refund{key, restock}, .actor = "anna"},
          [this, sale, key](const sale::Outcome& outcome) {
            if (!outcome.order || outcome.order->money != sale::Money::refund_due) return;
            ask(sale, {.action = sale::RefundSettled{key}}, [](const auto&) {});
          });
    });
  }
}

void People::operate(const std::string& sale, std::uint64_t left) {
  if (left == 0 || options_.quiet) return;
  const auto go_on = [this, sale, left](const sale::Outcome&) {
    later(milliseconds(100), seconds(3), [this, sale, left] { operate(sale, left - 1); });
  };
  const std::uint64_t what = random_.below(10);
  if (what < 4) {
    const auto delta = static_cast<std::int64_t>(random_.below(5)) - 1;
    ask(sale,
        {.action = sale::Restock{SkuId(a_sku()), delta == 0 ? 1 : delta,
                                 IdempotencyKey("r" + std::to_string(++keys_))},
         .actor = "anna"},
        go_on);
  } else if (what < 7) {
    ask(sale, {.action = sale::Pause{}, .actor = "ben"}, [this, sale, go_on](const auto&) {
      later(milliseconds(10), seconds(2),
            [this, sale, go_on] { ask(sale, {.action = sale::Resume{}, .actor = "ben"}, go_on); });
    });
  } else if (what < 9) {
    later(milliseconds(100), seconds(3), [this, sale, left] { operate(sale, left - 1); });
  } else {
    ask(sale, {.action = sale::Close{}, .actor = "anna"}, [](const auto&) {});
  }
}

}  // namespace dibs::sim
