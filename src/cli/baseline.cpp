#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "api/api.h"
#include "baselines/shop_store.h"
#include "cli/exit_status.h"
#include "cli/load_flags.h"
#include "cli/log.h"
#include "cli/secrets.h"
#include "cli/subcommands.h"
#include "http/server.h"
#include "payment/demo_provider.h"

// The same HTTP and the same routes as `dibs serve`, in front of a design that is measured. A
// command of its own, and hidden: no setting of `dibs serve` must ever lead to selling like this.

namespace dibs::cli {
namespace {

constexpr Duration kBaselinePatience = std::chrono::seconds(10);

struct BaselineFlags {
  std::string design;
  std::string redis;  ///< HOST:PORT
  std::string listen = "127.0.0.1:0";
  std::uint32_t payment_delay_ms = 0;
  std::uint32_t gateway = 0;
  std::uint32_t gateways = 1;
};

/// These designs know no order of arrival.
class NoOrder final : public WatermarkListener {
 public:
  void on_watermark(std::uint32_t /*loop*/, Instant /*upto*/) noexcept override {}
};

Result<baselines::ShopStore::Options> store_options(const BaselineFlags& flags) {
  baselines::ShopStore::Options options;
  options.design = flags.design;
  options.gateway = flags.gateway;
  options.gateways = flags.gateways;
  const auto colon = flags.redis.rfind(':');
  const char* const end = flags.redis.data() + flags.redis.size();
  const char* const digits = colon == std::string::npos ? end : flags.redis.data() + colon + 1;
  if (std::from_chars(digits, end, options.port).ptr != end || digits == end) {
    return fault(FaultKind::bad_input, "--redis is no HOST:PORT.", "Give 127.0.0.1:6379 or so.");
  }
  options.host = flags.redis.substr(0, colon);
  // As the demo's provider decides it, and as long.
  options.settings.pay = [delay = std::chrono::milliseconds(flags.payment_delay_ms)](
                             const sale::OrderView& /*order*/, std::string_view token) {
    if (delay.count() > 0) std::this_thread::sleep_for(delay);
    return token != "tok_fail";
  };
  return options;
}

void raise_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int serve_baseline(const BaselineFlags& flags) {
  start_log(LogFormat::text, true);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  raise_limit();
  signal(SIGPIPE, SIG_IGN);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before the first thread
  const auto refuse = [](const Fault& fault) {
    complain(fault);
    return status_of(fault);
  };

  api::Options api_options;
  api_options.insecure_demo = true;
  auto operators = read_named_secrets("DIBS_OPERATOR_TOKENS", "");
  if (!operators) return refuse(operators.error());
  for (auto& [name, token] : *operators) api_options.operators.push_back({name, token});
  auto options = store_options(flags);
  if (!options) return refuse(options.error());
  auto store = baselines::ShopStore::open(std::move(*options), system_clock());
  if (!store) return refuse(store.error());
  const auto provider = payment::make_demo_provider(
      system_clock(), std::chrono::milliseconds(flags.payment_delay_ms));
  auto api = api::Api::make(std::move(api_options), **store, provider.get(), system_clock(),
                            [] { return std::vector<api::Stat>(); });
  if (!api) return refuse(api.error());
  NoOrder no_order;
  http::Server::Options server_options;
  server_options.listen = {flags.listen};
  auto server = http::Server::open(server_options, **api, no_order, system_clock());
  if (!server) return refuse(server.error());
  (*server)->start();
  (*api)->begin();
  std::cout << "dibs: listening on http://" << (*server)->addresses().front() << '\n' << std::flush;

  int number = 0;
  sigwait(&ends, &number);
  (*api)->let_go();
  (*server)->drain(kBaselinePatience);
  (*api)->stop();
  (*store)->drain();
  return kHeld;
}

}  // namespace

Subcommand add_baseline(CLI::App& app) {
  auto* sub = app.add_subcommand("baseline", "One of the shop's earlier designs, for comparison");
  sub->group("");
  auto flags = std::make_shared<BaselineFlags>();
  sub->add_option("--design", flags->design, "lock, lock-improved, lock-wait, queue or lua")
      ->required();
  sub->add_option("--redis", flags->redis, "HOST:PORT of a Redis of its own")->required();
  sub->add_option("--listen", flags->listen, "HOST:PORT to serve on")->capture_default_str();
  sub->add_option("--payment-delay-ms", flags->payment_delay_ms, "How long each payment takes")
      ->capture_default_str();
  sub->add_option("--gateway", flags->gateway, "Which of several servers on that Redis this is")
      ->capture_default_str();
  sub->add_option("--gateways", flags->gateways, "How many there are")->capture_default_str();
  return {sub, [flags] { return serve_baseline(*flags); }};
}

}  // namespace dibs::cli
