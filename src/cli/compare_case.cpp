#include "cli/compare_case.h"

#include <algorithm>
#include <filesystem>

#include "cli/http_call.h"
#include "cli/load_flags.h"
#include "cli/redis_process.h"
#include "cli/run_audit.h"
#include "cli/secrets.h"
#include "cli/server_process.h"

namespace dibs::cli {
namespace {

constexpr const char* kComparedSale = "compare";
constexpr Duration kCaseStopPatience = std::chrono::seconds(20);

Result<void> put_compared_sale(const ServerProcess& server, const std::string& token,
                               std::uint32_t stock) {
  const std::string head = std::string("PUT /v1/sales/") + kComparedSale +
                           " HTTP/1.1\r\nContent-Type: application/json\r\n"
                           "Authorization: Bearer " +
                           token + "\r\n";
  const std::string body = R"({"title":"Compare","currency":"KRW","test":true,"items":[{"sku":)"
                           R"("unit","title":"Unit","price":50000,"stock":)" +
                           std::to_string(stock) + "}]}";
  auto answer = call(server.address(), head, body);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 201) return {};
  return fault(FaultKind::unavailable,
               "The sale could not be made: " + std::to_string(answer->status) + ".", answer->body);
}

Result<ServerProcess> start_server(const CaseWork& work, const RedisProcess* redis,
                                   const std::string& directory, const std::string& token) {
  const std::vector<std::string> environment = {"DIBS_OPERATOR_TOKENS=compare:" + token};
  const std::string delay = std::to_string(work.payment_delay_ms);
  if (!is_dibs(work.strategy)) {
    return ServerProcess::start(
        {"--design", work.strategy, "--redis", redis->address(), "--payment-delay-ms", delay},
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
                                        directory + "/data"};
  if (redis != nullptr) {
    arguments.insert(arguments.end(), {"--store", "redis://" + redis->address()});
  }
  return ServerProcess::start(arguments, environment);
}

load::Options options_of(const CaseWork& work) {
  load::Options options = work.options;
  options.sale = kComparedSale;
  options.strategy = work.strategy;
  if (is_dibs(work.strategy)) return options;
  options.token_in_reference = true;  // some of them pay inside the buy
  options.replays = false;            // none of them knows a key
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
  const std::string token = random_secret();
  auto server = start_server(work, redis ? &*redis : nullptr, directory.path(), token);
  if (!server) return std::unexpected(server.error());
  end.kill_first(server->pid());
  if (auto put = put_compared_sale(*server, token, work.stock); !put) {
    return std::unexpected(put.error());
  }
  load::Options options = options_of(work);
  options.server = server->pid();
  if (redis) options.redis = redis->pid();
  if (auto set = load::set_url(options, server->address()); !set) {
    return std::unexpected(set.error());
  }
  auto run = load::run(options, progress_line(work.language));
  if (!run) return run;
  if (!server->stop(kCaseStopPatience)) {
    run->broken_elsewhere.push_back(
        {"The server did not stop cleanly.", "서버가 제대로 끝나지 않았습니다."});
  }
  end.kill_none();
  if (work.strategy == "engine") add_audit(*run, directory.path() + "/data");
  return run;
}

}  // namespace dibs::cli
