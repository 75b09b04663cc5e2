#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <iostream>
#include <memory>
#include <thread>

#include "api/api.h"
#include "cli/demo.h"
#include "cli/exit_status.h"
#include "cli/inherited_sockets.h"
#include "cli/log.h"
#include "cli/notices.h"
#include "cli/outbox.h"
#include "cli/payment_provider.h"
#include "cli/secrets.h"
#include "cli/seller.h"
#include "cli/serve_options.h"
#include "cli/stats.h"
#include "cli/subcommands.h"
#include "cli/write_back.h"
#include "http/server.h"
#include "store/ordered.h"

namespace dibs::cli {
namespace {

constexpr Duration kDrainPatience = std::chrono::seconds(10);

/// Answers that wait in the loops when the journal fails leave within a round of each; more time
/// would only keep the shop's standby waiting.
constexpr Duration kFailurePatience = std::chrono::seconds(1);

/// A client that has connected gets so long to send its request: several times the way there and
/// back around the world. Those whose connection is only kept open are closed after it.
constexpr Duration kDrainGrace = std::chrono::seconds(1);

/// The ledger's last batches are written before the end; what is left follows after the next start.
constexpr Duration kLedgerPatience = std::chrono::seconds(5);

/// Connections are descriptors: takes as many as the system lets this process have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Must run before the first thread, so that every thread leaves these signals to `wait_for_end`.
sigset_t block_end_signals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file too large is an error of the write, like a full disk
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// The parts of one server, in the order in which they must live: each may use those above it.
struct Parts {
  std::unique_ptr<Seller> seller;
  std::unique_ptr<events::NoticeRelay> notices;
  std::unique_ptr<ledger::Follower> ledger;
  std::unique_ptr<events::OutboxRelay> outbox;
  ChosenProvider payments;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<http::Server> server;

  ~Parts() {
    server.reset();
    if (ledger) ledger->let_go();
    if (seller) seller->drain();
    api.reset();
  }
};

/// The journal can no longer be written. Everybody outstanding is being answered `unknown_outcome`:
/// those answers leave, then the process ends. From a thread of its own, since the one that tells
/// is the one that answers.
void end_after_failure(const Fault& fault, http::Server* server) {
  log_fault(fault);
  std::thread([server] {
    if (server != nullptr) server->drain(kFailurePatience, Duration(0));
    std::_Exit(kUnreachable);
  }).detach();
}

Result<void> assemble(const ServeOptions& options, api::Options api_options,
                      InheritedSockets sockets, Parts& parts) {
  auto seller = open_seller(options);
  if (!seller) return std::unexpected(seller.error());
  parts.seller = std::move(*seller);
  parts.seller->set_on_failure(
      [&parts](const Fault& fault) { end_after_failure(fault, parts.server.get()); });

  auto notices = choose_notices(options, *parts.seller, api_options);
  if (!notices) return std::unexpected(notices.error());
  parts.notices = std::move(*notices);
  auto ledger = choose_write_back(options, *parts.seller);
  if (!ledger) return std::unexpected(ledger.error());
  parts.ledger = std::move(*ledger);
  auto outbox = choose_outbox(options, *parts.seller);
  if (!outbox) return std::unexpected(outbox.error());
  parts.outbox = std::move(*outbox);
  auto payments = choose_provider(options, api_options);
  if (!payments) return std::unexpected(payments.error());
  parts.payments = std::move(*payments);
  auto proxies = api_options.trusted_proxies;
  auto api = api::Api::make(std::move(api_options), parts.seller->store(),
                            parts.payments.provider.get(), system_clock(), [&parts] {
                              std::vector<api::Stat> all;
                              parts.seller->add_stats(all);
                              if (parts.server) add_http_stats(all, *parts.server);
                              add_notice_stats(all, parts.notices.get());
                              add_ledger_stats(all, parts.ledger.get());
                              add_outbox_stats(all, parts.outbox.get());
                              return all;
                            });
  if (!api) return std::unexpected(api.error());
  parts.api = std::move(*api);
  parts.seller->add_listener(*parts.api);

  http::Server::Options server_options;
  server_options.listen = {options.listen};
  if (!options.operator_listen.empty()) server_options.listen.push_back(options.operator_listen);
  server_options.loops = ingress_loops(options);
  server_options.limits.network_connections = options.connections_per_network;
  server_options.trusted_proxies = std::move(proxies);
  http::Server::Inherited inherited;
  inherited.push_back(std::move(sockets.buyers));
  if (!options.operator_listen.empty()) inherited.push_back(std::move(sockets.operators));
  auto server = http::Server::open(server_options, *parts.api, parts.seller->watermarks(),
                                   system_clock(), std::move(inherited));
  if (!server) return std::unexpected(server.error());
  parts.server = std::move(*server);
  parts.seller->set_waker([&parts](std::uint32_t loop) { parts.server->wake(loop); });
  return {};
}

std::vector<sale::SaleView> sales_of(store::SaleStore& store) {
  std::promise<Result<std::vector<sale::SaleView>>> all;
  store.list_sales({system_clock().now(), store::kNoLoop, 0},
                   [&all](auto sales) { all.set_value(std::move(sales)); });
  return all.get_future().get().value_or(std::vector<sale::SaleView>());
}

/// A directory of the demo may be served without its provider.
void warn_of_sales_without_provider(const Parts& parts, const std::vector<sale::SaleView>& sales) {
  if (parts.payments.provider) return;
  for (const sale::SaleView& sale : sales) {
    if (sale.spec->payment != sale::PaymentMode::provider) continue;
    log_warning("sale " + sale.id.value() +
                " wants a payment provider, and this server has none: its orders cannot be paid");
  }
}

void announce(const ServeOptions& options, const Parts& parts) {
  const auto addresses = parts.server->addresses();
  std::cout << "dibs: listening on http://" << addresses.front() << '\n';
  if (addresses.size() > 1) std::cout << "dibs: operators on http://" << addresses.back() << '\n';
  if (options.insecure_demo) {
    std::cout << "dibs: INSECURE DEMO: anyone who can reach this port is any buyer they say\n";
  }
  std::cout.flush();
}

int serve(ServeOptions& options, CLI::App& app) {
  if (auto applied = apply_settings(app, options.settings); !applied) {
    complain(applied.error());
    return kUsage;
  }
  auto sockets = take_inherited_sockets();
  if (!sockets) {
    complain(sockets.error());
    return kUsage;
  }
  const auto other_than_asked = fit_to(*sockets, options);
  auto configured = api_options(options);
  if (!configured) {
    complain(configured.error());
    return kUsage;
  }
  start_log(options.log_format == "json" ? LogFormat::json : LogFormat::text, options.quiet);
  if (sockets->any()) log_info("listening sockets are inherited and stay open when this ends");
  if (other_than_asked) log_warning(*other_than_asked);
  if (options.die_with_parent) prctl(PR_SET_PDEATHSIG, SIGKILL);
  raise_descriptor_limit();
  const sigset_t end_signals = block_end_signals();
  if (options.insecure_demo) configured->home_sale = SaleId(kDemoSale);
  const std::string demo_token = options.insecure_demo ? ensure_demo_operator(*configured) : "";

  Parts parts;
  if (auto assembled = assemble(options, std::move(*configured), std::move(*sockets), parts);
      !assembled) {
    log_fault(assembled.error());
    return status_of(assembled.error().kind);
  }
  if (parts.ledger) parts.ledger->begin();
  if (auto started = parts.seller->start(); !started) {
    log_fault(started.error());
    return status_of(started.error().kind);
  }
  parts.server->start();  // first: what is put in order waits for the word of every loop
  tell_webhook(parts.payments, parts.server->addresses().front());
  parts.api->begin();
  if (!demo_token.empty() || (options.insecure_demo && options.demo_opens_in > 0))
    put_demo_sale(parts.seller->store(), std::chrono::seconds(options.demo_opens_in));
  auto sales = sales_of(parts.seller->store());
  warn_of_sales_without_provider(parts, sales);
  if (parts.ledger) parts.ledger->know(sales);
  if (parts.outbox) parts.outbox->begin(sales);
  begin_notices(parts.notices.get(), std::move(sales));
  announce(options, parts);
  if (!demo_token.empty()) std::cout << "dibs: operator token " << demo_token << '\n' << std::flush;

  int signal_number = 0;
  sigwait(&end_signals, &signal_number);
  log_info("stopping: nothing more is accepted; what comes on open connections is answered");
  parts.api->let_go();
  parts.server->drain(kDrainPatience, kDrainGrace);
  parts.api->stop();
  if (parts.ledger) parts.ledger->let_go();
  parts.seller->drain();
  if (parts.ledger) parts.ledger->stop(kLedgerPatience);
  if (parts.notices) parts.notices->stop();
  if (parts.outbox) parts.outbox->stop();
  log_info("stopped cleanly");
  return kHeld;
}

}  // namespace

Subcommand add_serve(CLI::App& app) {
  auto* sub =
      app.add_subcommand("serve", "Sell: serve the API on the embedded engine, or on Redis");
  auto options = std::make_shared<ServeOptions>();
  add_flags(*sub, *options);
  add_settings(*sub, options->settings);
  return {sub, [options, sub] { return serve(*options, *sub); }};
}

}  // namespace dibs::cli
