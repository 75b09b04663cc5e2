#include <optional>

#include "engine/disk.h"
#include "engine/entry.h"
#include "engine/event_feed.h"
#include "engine/inspect.h"
#include "engine/recovery.h"

namespace dibs::engine {

Result<void> events(const std::string& dir,
                    const std::function<bool(const store::FedEvent&)>& visit) {
  RecoverOptions options{.beside_server = true, .must_exist = true, .fold = false};
  std::optional<Fault> unknown;
  options.visit = [&](const Record& record) {
    EntryReader reader(record.payload);
    while (auto entry = reader.next()) {
      auto* event = std::get_if<EventEntry>(&entry->body);
      if (event == nullptr) continue;
      const store::FedEvent fed{.position = record.head.position,
                                .sale = SaleId(std::string(entry->sale)),
                                .event = std::move(event->event)};
      if (!visit(fed)) return false;
    }
    if (reader.ok()) return true;
    unknown = Fault{FaultKind::corrupt,
                    "record " + std::to_string(record.head.position.value()) +
                        " of the journal holds an entry that this program does not know",
                    "Use the program that wrote it, or a later one."};
    return false;
  };
  const auto recovered = recover(posix_disk(), dir, options);
  if (!recovered) return std::unexpected(recovered.error());
  if (unknown) return std::unexpected(*unknown);
  return {};
}

Result<std::string> events_epoch(const std::string& dir) {
  bool any = false;
  const auto looked = events(dir, [&any](const store::FedEvent&) {
    any = true;
    return false;
  });
  if (!looked) return std::unexpected(looked.error());
  if (!any) return std::string();
  return journal_epoch(posix_disk(), dir);
}

}  // namespace dibs::engine
