#include "engine/batch.h"

namespace dibs::engine {

void Batch::give_answers(const Fault* fault) {
  for (auto& answer : answers_) {
    if (auto* reply = std::get_if<Reply>(&answer)) {
      if (fault != nullptr) {
        reply->reply(std::unexpected(*fault));
      } else {
        reply->reply(std::move(reply->outcome));
      }
    } else {
      std::get<Answer>(answer)(fault);
    }
  }
  answers_.clear();
}

void refuse(Request& request, const Fault& fault) {
  if (auto* command = std::get_if<CommandRequest>(&request.body)) {
    command->reply(std::unexpected(fault));
  } else if (auto* look = std::get_if<LookRequest>(&request.body)) {
    static_cast<void>(look->look(nullptr, &fault));
  }
}

}  // namespace dibs::engine
