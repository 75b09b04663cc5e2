#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sale/sale.h"

/// The events of one sale as a stream tells them, and how a stream goes on where it was cut.
///
/// The id of an event is `SEQ-N`: the N-th event made from the change that led to the sale's SEQ.
/// A client that comes back with an id that the ring still holds gets exactly what followed it.
/// Any other id (too old, from before a restart, made up) gets the whole present state, whose
/// events have ids `SEQ-N~K` that no ring holds, but for the last: cut before its end, it is
/// given again from its beginning. An order's own events add `+ORDERSEQ`, which is no resume point
/// of the sale and is cut off.
namespace dibs::api {

using Buffer = std::shared_ptr<const std::string>;

/// `event`, `id` and one line of data in event-stream form.
[[nodiscard]] Buffer sse_event(std::string_view event, std::string_view id, std::string_view data);
/// The comment line that keeps a silent connection alive.
[[nodiscard]] Buffer sse_comment();
/// How long a client waits before it comes back when its stream is cut: 1 to 5 s, other times for
/// other `stream`s, so that all who were cut at once do not come back at once.
[[nodiscard]] std::string sse_retry(std::uint64_t stream);
/// All of it in one buffer, so that it leaves in one piece; null when there is nothing.
[[nodiscard]] Buffer packed(std::span<const Buffer> events, std::string_view before = {});

struct StreamId {
  std::uint64_t seq = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};
[[nodiscard]] std::string to_text(const StreamId& id);
/// The place in the sale's events that `text` names; nothing when it names none.
[[nodiscard]] std::optional<StreamId> parse_stream_id(std::string_view text);

/// What the public may see changing: turns views into events, each serialised once, and remembers
/// the last kRing of them. One thread.
class Feed {
 public:
  /// At 20 changes a second 12 s of absence, twice the longest wait before coming back; and 2,000
  /// who come back at once and have missed all of it are sent 23 KiB each.
  static constexpr std::size_t kRing = 256;

  explicit Feed(std::shared_ptr<const sale::SaleView> view);

  struct Change {
    std::vector<Buffer> events;
    bool line_moved = false;
  };
  /// The events that tell the way from the view before to `view`.
  [[nodiscard]] Change advance(std::shared_ptr<const sale::SaleView> view, Instant now);
  /// What a new stream is sent first: what followed `last`, or everything.
  [[nodiscard]] std::vector<Buffer> since(std::optional<StreamId> last, Instant now);

  [[nodiscard]] const std::shared_ptr<const sale::SaleView>& view_pointer() const { return view_; }
  [[nodiscard]] const StreamId& last() const { return last_; }
  /// Events written as text so far.
  [[nodiscard]] std::uint64_t serialised() const { return serialised_; }

 private:
  [[nodiscard]] std::vector<Buffer> everything(Instant now);

  std::shared_ptr<const sale::SaleView> view_;
  StreamId last_;         ///< of the newest event, or of the state this feed began with
  StreamId before_ring_;  ///< what a client has that misses all of the ring and nothing else
  struct Kept {
    StreamId id;
    Buffer bytes;
  };
  std::deque<Kept> ring_;
  std::uint64_t serialised_ = 0;
};

}  // namespace dibs::api
