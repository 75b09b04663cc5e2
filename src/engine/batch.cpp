#include "engine/batch.h"

#include <utility>

namespace dibs::engine {

Batch::Change& Batch::add_change(SaleSlot& slot, std::vector<sale::Event>& events) {
  Change& change = changes.emplace_back(Change{&slot, nullptr, std::move(events), 0});
  events.clear();
  if (!rooms_.empty()) {
    events = std::move(rooms_.back());
    rooms_.pop_back();
  }
  return change;
}

void Batch::clear_payload() {
  record_.assign(kRecordHeaderBytes, '\0');
  entries_.restart();
  must_commit = false;
  event_count = 0;
  for (Change& change : changes) {
    if (rooms_.size() == kRoomsKept) break;
    change.events.clear();
    rooms_.push_back(std::move(change.events));
  }
  changes.clear();
}

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
