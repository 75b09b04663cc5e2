// Routes of server-sent events.
#include "api/core.h"
#include "api/order_answer.h"
#include "api/routes.h"

namespace dibs::api::streams {
namespace {

std::optional<StreamId> resume_point(const Call& call) {
  const auto id = call.request.header("Last-Event-ID");
  return id ? parse_stream_id(*id) : std::nullopt;
}

/// HEAD of a stream: it is there; nothing follows.
void answer_head(Answer& answer) {
  http::Response response;
  response.content_type = "text/event-stream";
  answer.send(std::move(response));
}

Job head_only(Core& core, const Call& call) {
  return [&core, sale = call.sale](Answer answer) {
    if (!core.store.glance(sale)) return answer.refuse(problem(sale::Code::unknown_sale));
    answer_head(answer);
  };
}

Job order_head_only(Core& core, const Call& call) {
  return
      [&core, order = call.order, owner = call.owner(), stamp = call.request.stamp](Answer answer) {
        find_order(core, stamp, order, owner, std::move(answer),
                   [](Answer to, const sale::OrderView& /*found*/) { answer_head(to); });
      };
}

}  // namespace

Prepared sale_events(Core& core, const Call& call) {
  if (call.request.method == http::Method::head) return head_only(core, call);
  return [&core, sale = call.sale, resume = resume_point(call)](Answer answer) {
    core.broadcaster.follow_sale(sale, std::move(answer), resume);
  };
}

Prepared sale_live(Core& core, const Call& call) {
  if (call.request.method == http::Method::head) return head_only(core, call);
  return [&core, sale = call.sale](Answer answer) {
    core.broadcaster.follow_live(sale, std::move(answer));
  };
}

Prepared order_events(Core& core, const Call& call) {
  if (call.request.method == http::Method::head) return order_head_only(core, call);
  return [&core, order = call.order, owner = call.owner(),
          resume = resume_point(call)](Answer answer) {
    auto watch = std::make_shared<Watch>(order, owner, std::move(answer), true);
    watch->resume = resume;
    core.broadcaster.follow_order(std::move(watch));
  };
}

}  // namespace dibs::api::streams
