// Routes of whole sales: create, change, look, stop, restock.
#include "api/body.h"
#include "api/core.h"
#include "api/order_answer.h"
#include "api/put_request.h"
#include "api/routes.h"
#include "api/views.h"
#include "base/limits.h"

namespace dibs::api::sales {
namespace {

Viewer viewer_of(const Identity& who) {
  return (who.role & (kOperator | kSupport)) != 0 ? Viewer::staff : Viewer::in_public;
}

std::string sale_json(const Core& core, const sale::SaleView& view, Viewer viewer) {
  std::string body;
  body.reserve(1'024);
  JsonWriter json(body);
  write_sale(json, view, {viewer, core.clock.now(), core.store.durability().name});
  return body;
}

/// Whether the sale opens or closes at `now` by a time that its newest durable view has not seen:
/// whoever asks at noon sees a sale that opens at noon open.
bool turns(const sale::SaleView& view, Instant now) {
  const auto& spec = *view.spec;
  const bool opens = view.state == sale::SaleState::scheduled && now >= spec.opens_at;
  const bool closes =
      view.state != sale::SaleState::closed && spec.closes_at && now >= *spec.closes_at;
  return opens || closes;
}

/// Answers with the sale, or with 304 when the caller has it. Weak: `server_time` differs between
/// bodies of one tag. Staff may see other figures than the public under the same address.
void answer_sale(const Core& core, Answer& answer, const sale::SaleView& view, Viewer viewer,
                 std::string_view known) {
  const std::string bare =
      '"' + std::to_string(view.seq.value()) + (viewer == Viewer::staff ? ".s\"" : "\"");
  Answer::Headers headers = {{"ETag", "W/" + bare}, {"Cache-Control", "private, no-cache"}};
  if (known.starts_with("W/")) known.remove_prefix(2);
  if (known != bare) {
    return answer.json(200, sale_json(core, view, viewer), std::move(headers));
  }
  http::Response unchanged;
  unchanged.status = 304;
  unchanged.headers = std::move(headers);
  answer.send(std::move(unchanged));
}

/// Submits and answers with the sale as it then is. The newest durable view is at least that new:
/// it is published before the answers that depend on it.
Job change(Core& core, const Call& call, sale::Command::Action action) {
  sale::Command command{std::move(action), call.who.name, {}};
  return [&core, sale = call.sale, stamp = call.request.stamp,
          command = std::move(command)](Answer answer) mutable {
    core.store.submit(
        stamp, sale, std::move(command),
        [&core, sale, answer = std::move(answer)](Result<sale::Outcome> result) mutable {
          if (!result) return answer.refuse(problem_of(result.error(), true));
          if (result->code != sale::Code::ok) return answer.refuse(problem_of(core, *result));
          const auto view = core.store.glance(sale);
          if (!view) return answer.refuse(problem(sale::Code::unknown_sale));
          Answer::Headers headers;
          if (result->replayed) headers.emplace_back("Idempotency-Replayed", "true");
          answer.json(result->created ? 201 : 200, sale_json(core, *view, Viewer::staff),
                      std::move(headers));
        });
  };
}

/// For calls that say all with their path.
Prepared bare_change(Core& core, const Call& call, sale::Command::Action action) {
  Body body(call, true);
  if (body.parsed()) body.members().finish();
  if (body.complaint.any()) return std::unexpected(body.problem());
  return change(core, call, std::move(action));
}

}  // namespace

Prepared put(Core& core, const Call& call) {
  Body body(call);
  if (!body.parsed()) return std::unexpected(body.problem());
  const auto now = core.store.glance(call.sale);
  auto command = read_put(body.members(), body.document, now ? now->spec.get() : nullptr,
                          {.provider = core.provider != nullptr,
                           .notify_secret = core.options.notices.of_sale != nullptr},
                          body.complaint);
  if (body.complaint.any()) return std::unexpected(body.problem());
  return change(core, call, std::move(command));
}

Prepared pause(Core& core, const Call& call) { return bare_change(core, call, sale::Pause{}); }
Prepared resume(Core& core, const Call& call) { return bare_change(core, call, sale::Resume{}); }
Prepared close(Core& core, const Call& call) { return bare_change(core, call, sale::Close{}); }

Prepared stock(Core& core, const Call& call) {
  Body body(call);
  if (!body.parsed()) return std::unexpected(body.problem());
  sale::Restock restock;
  auto members = body.members();
  members.require("sku");
  members.require("delta");
  const auto sku = members.text("sku", is_sale_or_sku_id, "1 to 64 of a-z A-Z 0-9 . _ -");
  const auto delta = members.integer("delta", -limits::kStock, limits::kStock);
  if (delta == 0) members.note("delta", "must not be 0");
  members.finish();
  const auto key = key_of(call);
  if (!key) body.complaint.note(kKeyRule);
  // A retry without a key would change the stock twice.
  if (key && key->empty()) body.complaint.note("the header Idempotency-Key is missing");
  if (body.complaint.any()) return std::unexpected(body.problem());
  restock.sku = SkuId(std::string(*sku));
  restock.delta = *delta;
  restock.key = *key;
  return change(core, call, std::move(restock));
}

Prepared remove(Core& core, const Call& call) {
  return [&core, sale = call.sale, stamp = call.request.stamp,
          name = call.who.name](Answer answer) {
    core.store.submit(stamp, sale, {sale::Remove{}, name, {}},
                      [&core, answer = std::move(answer)](Result<sale::Outcome> result) mutable {
                        if (!result) return answer.refuse(problem_of(result.error(), true));
                        if (result->code != sale::Code::ok)
                          return answer.refuse(problem_of(core, *result));
                        http::Response response;
                        response.status = 204;
                        answer.send(std::move(response));
                      });
  };
}

Prepared get(Core& core, const Call& call) {
  const auto etag = call.request.header("If-None-Match");
  return [&core, sale = call.sale, stamp = call.request.stamp, viewer = viewer_of(call.who),
          known = std::string(etag.value_or(std::string_view()))](Answer answer) mutable {
    const auto view = core.store.glance(sale);
    if (view && !turns(*view, stamp.received)) {
      return answer_sale(core, answer, *view, viewer, known);
    }
    core.store.find_sale(stamp, sale,
                         [&core, viewer, known = std::move(known), answer = std::move(answer)](
                             Result<std::optional<sale::SaleView>> result) mutable {
                           if (!result) return answer.refuse(problem_of(result.error(), false));
                           if (!*result) return answer.refuse(problem(sale::Code::unknown_sale));
                           answer_sale(core, answer, **result, viewer, known);
                         });
  };
}

Prepared list(Core& core, const Call& call) {
  return [&core, stamp = call.request.stamp](Answer answer) {
    core.store.list_sales(stamp, [&core, answer = std::move(answer)](
                                     Result<std::vector<sale::SaleView>> result) mutable {
      if (!result) return answer.refuse(problem_of(result.error(), false));
      std::string body;
      JsonWriter json(body);
      json.begin_object().key("sales").begin_array();
      for (const auto& view : *result) json.raw(sale_json(core, view, Viewer::staff));
      json.end_array().end_object();
      answer.json(200, std::move(body));
    });
  };
}

}  // namespace dibs::api::sales
