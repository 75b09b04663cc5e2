#include "cli/notices.h"

#include <chrono>
#include <utility>

#include "api/notice.h"
#include "cli/log.h"
#include "cli/secrets.h"

namespace dibs::cli {

Result<std::unique_ptr<events::NoticeRelay>> choose_notices(const ServeOptions& options,
                                                            Seller& seller, api::Options& api) {
  auto secrets = read_signing_secrets("DIBS_NOTIFY_SECRET", options.notify_secret_file, "notices");
  if (!secrets) return std::unexpected(secrets.error());
  if (secrets->empty()) return nullptr;
  events::NoticeRelay::Options settings;
  settings.cursor_file = options.data + "/notices.cursor";
  settings.secrets = std::move(*secrets);
  settings.body = api::notice_json;
  settings.on_warning = [](const std::string& warning) { log_warning(warning); };
  auto relay =
      std::make_unique<events::NoticeRelay>(std::move(settings), seller.feed(), system_clock());
  seller.add_listener(*relay);
  seller.add_follower("notices",
                      [one = relay.get()](const SaleId& sale) { return one->told_for_good(sale); });
  api.notices.of_sale = [relay = relay.get()](const SaleId& sale) {
    const auto state = relay->state(sale);
    if (!state) return std::optional<api::NoticeProgress>();
    return std::optional(api::NoticeProgress{.delivered = state->delivered,
                                             .behind = state->behind,
                                             .behind_for = state->behind_for,
                                             .last_error = state->last_error});
  };
  return relay;
}

void begin_notices(events::NoticeRelay* relay, std::vector<sale::SaleView> sales) {
  if (relay != nullptr) return relay->begin(std::move(sales));
  for (const sale::SaleView& sale : sales) {
    if (!sale.spec->notify_url) continue;
    log_warning("sale " + sale.id.value() +
                " wants notices, and this server has no secret to sign them with: they are sent "
                "once it is started with DIBS_NOTIFY_SECRET or --notify-secret-file");
  }
}

void add_notice_stats(std::vector<api::Stat>& out, const events::NoticeRelay* relay) {
  if (relay == nullptr) return;
  for (const events::NoticeState& state : relay->states()) {
    const auto add = [&](std::string_view name, double value) {
      out.push_back({name, value, state.sale.value()});
    };
    add("dibs_notices_delivered_seq", static_cast<double>(state.delivered.value()));
    add("dibs_notices_behind_events", static_cast<double>(state.behind));
    add("dibs_notices_behind_seconds", std::chrono::duration<double>(state.behind_for).count());
    add("dibs_notices_sent_total", static_cast<double>(state.sent));
    add("dibs_notices_failed_total", static_cast<double>(state.failed));
  }
}

}  // namespace dibs::cli
