#include "benchmarks.h"
#include "crowd.h"
#include "redis/call.h"
#include "redis/redis_server.h"

namespace dibs::bench {
namespace {

using redis::BatchContext;
using redis::Connection;
using redis::Library;
using redis::RedisServer;

/// What a function call costs at least: it is given words and answers one.
constexpr const char* kTrivial =
    "#!lua name=trivial\n"
    "redis.register_function('trivial', function(keys, args) return #args end)";

/// Processor time of the server so far, all its threads.
double server_cpu_seconds(Connection& connection) {
  const std::string info = connection.text({"INFO", "cpu"});
  const auto field = [&info](const std::string& name) {
    return std::stod(info.substr(info.find(name + ":") + name.size() + 1));
  };
  return field("used_cpu_sys") + field("used_cpu_user");
}

/// A sale on a server of its own.
class Counter {
 public:
  Counter(std::int64_t stock, std::uint64_t line_limit) : connection_(server_.connect()) {
    require(connection_.text({"FUNCTION", "LOAD", Library::built_in().text()}) ==
                Library::built_in().name(),
            "the functions are loaded");
    connection_.text({"FUNCTION", "LOAD", kTrivial});
    context_.sale = SaleId("benchmark");
    context_.fresh_epoch = "epoch";
    const sale::Command put{.action = put_of(stock, line_limit)};
    context_.now = opening();
    call({&put}, sale::Code::ok);
  }

  /// Commands a second of the server's processor time, `count` buys in batches of `batch`.
  double rate(std::size_t count, std::size_t batch, sale::Code expected) {
    double seconds = 0;
    for (std::size_t done = 0; done < count; done += kChunk) {
      const auto commands = buys_of(pressed_, kChunk);
      pressed_ += kChunk;
      const double began = server_cpu_seconds(connection_);
      for (std::size_t i = 0; i < commands.size(); i += batch) {
        std::vector<const sale::Command*> some;
        for (std::size_t j = i; j < std::min(i + batch, commands.size()); ++j) {
          some.push_back(&commands[j]);
        }
        call(some, expected);
      }
      seconds += server_cpu_seconds(connection_) - began;
    }
    return static_cast<double>(count) / seconds;
  }

  /// The same of trivial calls: one after another, or `batch` in one write.
  double trivial_rate(std::size_t count, std::size_t batch) {
    const std::vector<std::vector<std::string>> calls(batch,
                                                      {"FCALL", "trivial", "1", "k", "word"});
    const double began = server_cpu_seconds(connection_);
    for (std::size_t done = 0; done < count; done += batch) connection_.call_all(calls);
    return static_cast<double>(count) / (server_cpu_seconds(connection_) - began);
  }

 private:
  static constexpr std::size_t kChunk = 5'120;  // presses made before the clock runs

  void call(const std::vector<const sale::Command*>& commands, sale::Code expected) {
    const auto reply = connection_.call(words_of(Library::built_in(), context_, commands));
    const auto result = redis::parse(*reply, context_.known, commands.size());
    require(result && !result->fenced, "the call succeeds");
    context_.known = result->seq;
    for (const redis::Applied& applied : result->results) {
      require(applied.reached && applied.code == expected, "every command comes to the same");
    }
  }

  RedisServer server_;
  Connection connection_;
  BatchContext context_;
  std::uint64_t pressed_ = 0;
};

void compare(const std::string& what, Counter& counter, std::size_t count, std::size_t batch,
             sale::Code expected, int rounds, const char* goal) {
  const Paired rates = in_turn(
      rounds, [&] { return counter.rate(count, batch, expected); },
      [&] { return counter.trivial_rate(count, batch); });
  print({"redis: " + what + ", batches of " + std::to_string(batch), with_commas(rates.ours) + "/s",
         fixed(rates.ratio) + " of trivial FCALLs, as many in one write, at " +
             with_commas(rates.peer) + "/s",
         goal});
}

}  // namespace

void redis_functions(Size size) {
  const std::size_t count = size == Size::small ? 5'120 : 51'200;
  const int rounds = size == Size::small ? 1 : 5;
  Counter refused(0, 0);
  for (const std::size_t batch : {1U, 16U, 64U, 256U}) {
    compare("refused buys", refused, count, batch, sale::Code::sold_out, rounds,
            batch == 64 ? "200,000/s" : "");
  }
  Counter accepted(10'000'000, 0);
  Counter waiting(1, 1'000'000);
  for (const std::size_t batch : {1U, 64U}) {
    compare("accepted buys", accepted, count, batch, sale::Code::ok, rounds, "");
  }
  compare("buys that wait", waiting, count, 64, sale::Code::ok, rounds, "");
}

}  // namespace dibs::bench
