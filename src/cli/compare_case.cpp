#include "cli/compare_case.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "cli/http_call.h"
#include "cli/load_flags.h"
#include "cli/measured_sale.h"
#include "cli/redis_process.h"
#include "cli/run_audit.h"
#include "cli/secrets.h"
#include "cli/server_process.h"

namespace dibs::cli {
namespace {

constexpr const char* kComparedSale = "compare";
/// For a ledger that outlives the run: what is in it under one name does not go on with another
/// run.
constexpr const char* kKeptSale = "compare-";
constexpr Duration kCaseStopPatience = std::chrono::seconds(20);
constexpr std::size_t kSaleLetters = 12;
constexpr Duration kSalePatience = std::chrono::seconds(10);
constexpr auto kBetweenSaleLooks = std::chrono::milliseconds(10);

/// A gateway hears of a sale that was made at another a moment later.
Result<void> await_sale(const ServerProcess& server, const std::string& sale) {
  const std::string head = "GET /v1/sales/" + sale + " HTTP/1.1\r\n";
  const auto deadline = system_clock().monotonic() + kSalePatience;
  while (true) {
    const auto answer = call(server.address(), head, "");
    if (answer && answer->status == 200) return {};
    if (system_clock().monotonic() > deadline) {
      return fault(FaultKind::unavailable, "A gateway does not know the sale.",
                   answer ? answer->body : answer.error().what);
    }
    std::this_thread::sleep_for(kBetweenSaleLooks);
  }
}

/// One for all gateways.
std::string ledger_of(const CaseWork& work, const std::string& directory) {
  return work.ledger.empty() ? "sqlite:" + directory + "/ledger.db" : work.ledger;
}

/// What a gateway of a run is started with.
struct GatewayWork {
  const CaseWork& case_of;
  const RedisProcess* redis;  ///< null: the engine
  const std::string& directory;
  const std::string& token;
  std::uint32_t number;
};

Result<ServerProcess> start_gateway(const GatewayWork& work) {
  const std::vector<std::string> environment = {"DIBS_OPERATOR_TOKENS=compare:" + work.token};
  const CaseWork& given = work.case_of;
  const std::string number = std::to_string(work.number);
  const std::string delay = std::to_string(given.payment_delay_ms);
  if (!is_dibs(given.strategy)) {
    return ServerProcess::start(
        {"--design", given.strategy, "--redis", work.redis->address(), "--payment-delay-ms", delay,
         "--gateway", number, "--gateways", std::to_string(given.gateways)},
        environment, "baseline");
  }
  std::vector<std::string> arguments = {"--listen",
                                        "127.0.0.1:0",
                                        "--insecure-demo",
                                        "--quiet",
                                        "--die-with-parent",
                                        "--payment-delay-ms",
                                        delay,
                                        "--data",
                                        work.directory + "/data-" + number,
                                        "--write-back",
                                        given.write_back};
  if (given.write_back != "none") {
    arguments.insert(arguments.end(), {"--ledger", ledger_of(given, work.directory)});
  }
  if (work.redis != nullptr) {
    arguments.insert(arguments.end(), {"--store", "redis://" + work.redis->address()});
  }
  return ServerProcess::start(arguments, environment);
}

/// The servers of a run, with the sale open on each of them.
class Gateways {
 public:
  Result<void> start(const CaseWork& work, const std::string& sale, const RedisProcess* redis,
                     const std::string& directory, EndOnSignal& end) {
    const std::string token = random_secret();
    for (std::uint32_t number = 0; number < work.gateways; ++number) {
      auto server = start_gateway({work, redis, directory, token, number});
      if (!server) return std::unexpected(server.error());
      servers_.push_back(std::move(*server));
      end.kill_first(pids());
    }
    // Dibs keeps its sales in Redis, for all gateways; a design of the past in each server.
    const std::size_t makers = is_dibs(work.strategy) ? 1 : servers_.size();
    for (std::size_t i = 0; i < makers; ++i) {
      auto made =
          make_sale(servers_[i], token, {.id = sale, .title = "Compare", .stock = work.stock});
      if (!made) return made;
    }
    for (const ServerProcess& server : servers_) {
      if (auto there = await_sale(server, sale); !there) return there;
    }
    return {};
  }

  [[nodiscard]] std::vector<pid_t> pids() const {
    std::vector<pid_t> out;
    for (const ServerProcess& server : servers_) out.push_back(server.pid());
    return out;
  }

  /// Where the crowd presses.
  Result<void> name_in(load::Options& options) const {
    for (const ServerProcess& server : servers_) {
      auto address = load::parse_url(server.address());
      if (!address) return std::unexpected(address.error());
      options.further.push_back(std::move(*address));
    }
    options.host = options.further.front().host;
    options.port = options.further.front().port;
    options.further.erase(options.further.begin());
    options.servers = pids();
    return {};
  }

  /// Whether all of them ended well.
  bool stop() {
    bool good = true;
    for (ServerProcess& server : servers_) good &= server.stop(kCaseStopPatience);
    return good;
  }

 private:
  std::vector<ServerProcess> servers_;
};

load::Options options_of(const CaseWork& work, const std::string& sale) {
  load::Options options = work.options;
  options.sale = sale;
  options.strategy = work.name;
  if (is_dibs(work.strategy)) return options;
  options.token_in_reference = true;  // some of them pay inside the buy
  options.replays = false;            // none of them knows a key
  options.books_apart = true;         // their orders lie in the memory of one server
  if (work.strategy == "queue") options.time_limit = work.queue_limit;
  return options;
}

/// A directory of its own for what one run writes.
class RunDirectory {
 public:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
  }
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;
  ~RunDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

std::vector<std::string> all_strategies() {
  return {"lock", "lock-improved", "lock-wait", "queue", "lua", "redis", "engine"};
}

bool is_dibs(const std::string& strategy) { return strategy == "redis" || strategy == "engine"; }

bool needs_redis(const std::string& strategy) { return strategy != "engine"; }

Result<load::Run> measure(const CaseWork& work, EndOnSignal& end) {
  const RunDirectory directory(work.directory + "/run");
  std::optional<RedisProcess> redis;
  if (needs_redis(work.strategy)) {
    const auto keeps =
        is_dibs(work.strategy) ? RedisProcess::Keeps::every_write : RedisProcess::Keeps::nothing;
    auto started = RedisProcess::start(directory.path(), keeps);
    if (!started) return std::unexpected(started.error());
    redis.emplace(std::move(*started));
  }
  Gateways gateways;
  const std::string sale =
      work.ledger.empty() ? kComparedSale : kKeptSale + random_secret().substr(0, kSaleLetters);
  if (auto started = gateways.start(work, sale, redis ? &*redis : nullptr, directory.path(), end);
      !started) {
    return std::unexpected(started.error());
  }
  load::Options options = options_of(work, sale);
  if (redis) options.redis = redis->pid();
  if (auto named = gateways.name_in(options); !named) return std::unexpected(named.error());
  auto run = load::run(options, progress_line(work.language));
  if (!run) return run;
  if (!gateways.stop()) {
    run->broken_elsewhere.push_back(
        {"The server did not stop cleanly.", "서버가 제대로 끝나지 않았습니다."});
  }
  end.kill_none();
  if (work.strategy != "engine") return run;
  const std::string data = directory.path() + "/data-0";
  add_audit(*run, data);
  // One that is kept has the sales of other runs too.
  const bool own_ledger = work.write_back != "none" && work.ledger.empty();
  if (own_ledger) add_ledger_audit(*run, data, ledger_of(work, directory.path()));
  return run;
}

}  // namespace dibs::cli
