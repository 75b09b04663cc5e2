#include "cli/demo.h"

#include <future>

#include "cli/log.h"
#include "cli/secrets.h"
#include "engine/engine.h"

namespace dibs::cli {

std::string ensure_demo_operator(api::Options& options) {
  if (!options.operators.empty()) return {};
  options.operators.push_back({"demo", random_secret()});
  return options.operators.back().token;
}

void put_demo_sale(store::SaleStore& store, Duration opens_in) {
  if (store.glance(SaleId(kDemoSale))) return;
  sale::Put put;
  put.spec.title = "Demo: ten units";
  put.spec.currency = "KRW";
  put.spec.items.push_back({SkuId("floor"), "Floor", 50'000, 10});
  put.spec.test = true;
  put.present = sale::Put::kTitle | sale::Put::kCurrency | sale::Put::kItems | sale::Put::kTest;
  if (opens_in > Duration(0)) {
    put.spec.opens_at =
        std::chrono::floor<std::chrono::milliseconds>(system_clock().now() + opens_in);
    put.present |= sale::Put::kOpensAt;
  }
  std::promise<void> done;
  const Stamp stamp{system_clock().now(), engine::kNoLoop, 0};
  store.submit(stamp, SaleId(kDemoSale), {put, "demo"}, [&done](Result<sale::Outcome> outcome) {
    if (!outcome) log_fault(outcome.error());
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace dibs::cli
