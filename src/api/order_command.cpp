#include "api/order_command.h"

#include "api/core.h"
#include "api/order_answer.h"

namespace dibs::api::orders {

void answer_outcome(const Core& core, Answer& answer, std::uint16_t status,
                    const Result<sale::Outcome>& result) {
  if (!result) return answer.refuse(problem_of(result.error(), true));
  if (result->code != sale::Code::ok) return answer.refuse(problem_of_order(core, *result));
  answer_order(core, answer, status, *result->order);
}

sale::Command command_of(const Call& call, sale::Command::Action action) {
  return {std::move(action), call.who.name, call.owner()};
}

Job submit(Core& core, const Call& call, sale::Command::Action action) {
  return [&core, order = call.order, stamp = call.request.stamp,
          command = command_of(call, std::move(action))](Answer answer) mutable {
    core.store.submit(stamp, order.sale, std::move(command),
                      [&core, answer = std::move(answer)](Result<sale::Outcome> result) mutable {
                        answer_outcome(core, answer, 200, result);
                      });
  };
}

}  // namespace dibs::api::orders
