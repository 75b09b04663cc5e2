#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/network.h"
#include "base/result.h"
#include "base/time.h"
#include "http/server.h"
#include "payment/provider.h"
#include "store/sale_store.h"
#include "webhook/signature.h"

/// The routes: JSON to commands, outcomes to answers. Names no backend.
namespace dibs::api {

struct Operator {
  std::string name;  ///< goes into every event that this operator causes
  std::string token;
};

enum class JwtAlgorithm : std::uint8_t { hs256, rs256, es256 };

struct JwtOptions {
  JwtAlgorithm algorithm = JwtAlgorithm::hs256;  ///< the only one accepted, whatever a token says
  std::vector<std::string> keys;  ///< HS256: the secrets; else public keys in PEM. All are valid.
  std::string audience;           ///< `aud` must be or hold it
};

/// How far the notices of a sale are: what the console shows of them.
struct NoticeProgress {
  Seq delivered;             ///< up to here the shop has answered for
  std::uint64_t behind = 0;  ///< events beyond that
  Duration behind_for{0};    ///< since the oldest of these happened
  std::string last_error;    ///< empty: none
};
/// Who tells the shops. Called from any thread, quick.
struct NoticesSource {
  /// Nothing for a sale without notify. Empty: this server sends none, and a PUT that wants them is
  /// refused.
  std::function<std::optional<NoticeProgress>(const SaleId&)> of_sale;
};

struct Options {
  std::vector<Operator> operators;
  std::vector<std::string> support_tokens;
  std::vector<std::string> shop_keys;
  std::optional<JwtOptions> jwt;
  std::vector<std::string> cors_origins;  ///< exact origins, `https://shop.example`
  /// Of the payment provider's webhooks: the present one and, while it is changed, the old one.
  std::vector<webhook::Secret> webhook_secrets;
  NoticesSource notices;
  std::uint32_t rate_per_buyer = 0;  ///< requests a second; 0: no limit
  /// Requests a second without a valid credential from one network (limited_network); 0: no limit.
  std::uint32_t rate_per_network = 0;
  std::vector<Network> trusted_proxies;  ///< whose X-Forwarded-For is believed
  /// Streams and long polls open at once; beyond, a stream is refused and a long poll answered at
  /// once, so that buys find a connection. Four fifths of http::Limits::connections.
  std::uint32_t listeners_max = 12'000;
  bool insecure_demo = false;       ///< trust Dibs-Buyer alone
  std::optional<SaleId> home_sale;  ///< where GET / leads; nothing: a page that says what runs
  /// Listener that alone serves operators and support; nothing: every listener does.
  std::optional<std::uint32_t> operator_listener;
  /// How long the store may take to answer before the caller is told that the outcome is not
  /// known. A commit takes some ms and up to a second or two on a disk that is busy with something
  /// else; proxies and clients commonly give up after 30 s or more. Between them: 10 s.
  Duration store_patience = std::chrono::seconds(10);
  /// The same for reads of the journal: 10 million entries at some 500,000 a second take 20 s.
  Duration journal_patience = std::chrono::seconds(60);
  /// No thread of its own: step() does what is due. For simulations.
  bool stepped = false;
};

/// One figure for /metrics. `name` is a row of the table in src/api/metrics_table.h; others are
/// left out.
struct Stat {
  std::string_view name;
  double value = 0;
  std::string label{};  ///< of a row with a label: its value
};
/// Gives the figures of the parts that this folder does not know. Called from any thread, quick.
using StatsSource = std::function<std::vector<Stat>()>;

/// Serves the wire contract (API.md, api/openapi.yaml) from one store.
///
/// **Threads.** `handle` and `refusal` run on the server's loops, answers on the store's threads,
/// `on_events` on the store's committer; none of them blocks. One thread of its own runs timers,
/// serialises changes and feeds the streams. Lock order: src/api/core.h.
/// **Life.** The store, the provider, the clock and what `stats` uses outlive it. Register it as a
/// listener of the store before the store starts. To end: let_go(), drain the server, stop(), drain
/// the store, then destroy it.
class Api final : public http::Handler, public store::EventListener {
 public:
  /// Fails, naming the setting, when a key cannot be used (for example an RS256 key that is no
  /// PEM). `provider` may be null: then `payment: provider` is refused when a sale is put.
  [[nodiscard]] static Result<std::unique_ptr<Api>> make(Options options, store::SaleStore& store,
                                                         payment::Provider* provider,
                                                         const Clock& clock, StatsSource stats);
  ~Api() override;

  void handle(const http::Request& request, http::Responder responder) override;
  http::Response refusal(std::uint16_t status, std::string_view what) override;
  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept override;

  /// Takes up the payments that an earlier process left between two steps, and keeps the order and
  /// the provider in agreement from then on. Returns at once. Call it once, after the store and the
  /// server have started.
  void begin();
  /// Answers every long poll with the order as it was last seen and ends every stream; later ones
  /// are answered or refused at once, and /readyz says `unavailable`. Everything else is served as
  /// before. May be called twice.
  void let_go();
  /// The same, and refuses new requests as `unavailable`, except /healthz, /readyz and /metrics.
  void stop();
  /// With Options::stepped: runs the timers that are due.
  void step();

 private:
  struct Impl;
  explicit Api(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The generated pages docs/METRICS.md and docs/CODES.md, whole.
[[nodiscard]] std::string metrics_markdown();
[[nodiscard]] std::string codes_markdown();

}  // namespace dibs::api
