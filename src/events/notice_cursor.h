#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "events/notice_queue.h"

/// How far the shops have been told: the file `notices.cursor` of a data directory
/// (docs/formats/notices.md).
namespace dibs::events {

struct NoticeCursor {
  struct Entry {
    NoticeQueue::Delivered delivered;
    bool test = false;  ///< a test sale
    std::string url;    ///< the last one known, for a sale that is no more
  };
  /// A sale that got its notify in a record before this one and has been told anything is in
  /// `sales`.
  Position from;
  std::map<SaleId, Entry> sales;
};

/// Nothing when there is no such file. A damaged one is `corrupt`; who goes on without it sends
/// everything again, under the same ids.
[[nodiscard]] Result<std::optional<NoticeCursor>> read_cursor(const std::string& path);
/// On return the file is durable and whole; on failure it is as it was.
[[nodiscard]] Result<void> write_cursor(const std::string& path, const NoticeCursor& cursor);

}  // namespace dibs::events
