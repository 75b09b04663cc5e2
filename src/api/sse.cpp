#include "api/sse.h"

#include <algorithm>

#include "api/query.h"
#include "api/views.h"
#include "base/json_writer.h"

namespace dibs::api {
namespace {

/// An event that has no id yet.
struct Draft {
  std::string_view event;
  std::string data;
};

Draft stock_event(const sale::ItemSpec& spec, const sale::ItemView& item) {
  Draft draft{"stock", {}};
  JsonWriter json(draft.data);
  json.begin_object().member("sku", spec.sku.view()).member("available", item.available);
  json.member("held", item.held).member("sold", item.sold).end_object();
  return draft;
}

Draft line_event(const sale::ItemSpec& spec, const sale::ItemView& item) {
  Draft draft{"line", {}};
  JsonWriter json(draft.data);
  json.begin_object().member("sku", spec.sku.view()).key("head");
  if (item.head) {
    json.number(item.head->value());
  } else {
    json.null();
  }
  json.member("waiting", item.waiting).end_object();
  return draft;
}

Draft state_event(const sale::SaleView& view, Instant now) {
  Draft draft{"state", {}};
  JsonWriter json(draft.data);
  json.begin_object().member("state", sale::to_text(view.state));
  json.member("sold_out", view.sold_out());
  write_instant(json, "opens_at", view.spec->opens_at);
  write_instant(json, "closes_at", view.spec->closes_at);
  json.member("server_time", to_rfc3339(now));
  if (view.spec->test) json.member("test", true);
  json.end_object();
  return draft;
}

bool same_stock(const sale::ItemView& a, const sale::ItemView& b) {
  return a.available == b.available && a.held == b.held && a.sold == b.sold;
}

/// A line that filled and ended in between looks as before, but has given places: those who got
/// them must hear of it.
bool same_line(const sale::ItemView& a, const sale::ItemView& b) {
  return a.head == b.head && a.waiting == b.waiting && a.places_given == b.places_given;
}

bool same_state(const sale::SaleView& a, const sale::SaleView& b) {
  return a.state == b.state && a.sold_out() == b.sold_out() &&
         a.spec->opens_at == b.spec->opens_at && a.spec->closes_at == b.spec->closes_at;
}

/// Appends what tells item `i` of `view`; `before` null: all of it.
void draft_item(std::vector<Draft>& drafts, const sale::SaleView& view, std::size_t i,
                const sale::ItemView* before) {
  const auto& spec = view.spec->items.at(i);
  const auto& item = view.items.at(i);
  const bool stock_moved = before == nullptr || !same_stock(*before, item);
  if (stock_moved && !view.spec->public_stock_hidden) drafts.push_back(stock_event(spec, item));
  if (before == nullptr || !same_line(*before, item)) drafts.push_back(line_event(spec, item));
}

std::vector<Draft> drafts_of(const sale::SaleView& view, const sale::SaleView* before,
                             Instant now) {
  std::vector<Draft> drafts;
  // A changed list of items (only before the opening) is told anew.
  if (before != nullptr && before->spec->items != view.spec->items) before = nullptr;
  for (std::size_t i = 0; i < view.items.size(); ++i) {
    draft_item(drafts, view, i, before == nullptr ? nullptr : &before->items.at(i));
  }
  if (before == nullptr || !same_state(*before, view)) drafts.push_back(state_event(view, now));
  return drafts;
}

}  // namespace

Buffer sse_event(std::string_view event, std::string_view id, std::string_view data) {
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(event.size() + id.size() + data.size() + 24);
  bytes->append("event: ").append(event).append("\nid: ").append(id);
  bytes->append("\ndata: ").append(data).append("\n\n");
  return bytes;
}

Buffer sse_comment() {
  static const Buffer comment = std::make_shared<const std::string>(":\n\n");
  return comment;
}

std::string sse_retry(std::uint64_t stream) {
  constexpr std::uint64_t kShortest = 1'000;
  constexpr std::uint64_t kSpread = 4'000;
  constexpr std::uint64_t kStride = 1'571;  // a prime: neighbours lie far apart
  return "retry: " + std::to_string(kShortest + stream * kStride % kSpread) + "\n\n";
}

Buffer packed(std::span<const Buffer> events, std::string_view before) {
  if (before.empty() && events.size() <= 1) return events.empty() ? nullptr : events.front();
  auto all = std::make_shared<std::string>(before);
  for (const Buffer& event : events) all->append(*event);
  return all;
}

std::string to_text(const StreamId& id) {
  return std::to_string(id.seq) + "-" + std::to_string(id.number);
}

std::optional<StreamId> parse_stream_id(std::string_view text) {
  text = text.substr(0, text.find('+'));
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto seq = parse_number(text.substr(0, dash), UINT64_MAX);
  const auto number = parse_number(text.substr(dash + 1), UINT64_MAX);
  if (!seq || !number) return std::nullopt;
  return StreamId{*seq, *number};
}

Feed::Feed(std::shared_ptr<const sale::SaleView> view)
    : view_(std::move(view)), last_{view_->seq.value(), 0}, before_ring_(last_) {}

Feed::Change Feed::advance(std::shared_ptr<const sale::SaleView> view, Instant now) {
  Change change;
  if (view->seq <= view_->seq) return change;
  std::uint64_t number = 0;
  for (const auto& draft : drafts_of(*view, view_.get(), now)) {
    last_ = {view->seq.value(), ++number};
    change.line_moved |= draft.event == "line";
    ring_.push_back({last_, sse_event(draft.event, to_text(last_), draft.data)});
    change.events.push_back(ring_.back().bytes);
  }
  serialised_ += number;
  while (ring_.size() > kRing) {
    before_ring_ = ring_.front().id;
    ring_.pop_front();
  }
  view_ = std::move(view);
  return change;
}

std::vector<Buffer> Feed::since(std::optional<StreamId> last, Instant now) {
  if (!last) return everything(now);
  auto missed_from = ring_.begin();
  if (*last != before_ring_) {
    missed_from = std::ranges::find(ring_, *last, &Kept::id);
    if (missed_from == ring_.end()) return everything(now);
    ++missed_from;
  }
  std::vector<Buffer> missed;
  for (auto it = missed_from; it != ring_.end(); ++it) missed.push_back(it->bytes);
  return missed;
}

std::vector<Buffer> Feed::everything(Instant now) {
  std::vector<Buffer> events;
  const auto drafts = drafts_of(*view_, nullptr, now);
  serialised_ += drafts.size();
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    std::string id = to_text(last_);
    if (i + 1 < drafts.size()) id += "~" + std::to_string(i + 1);
    events.push_back(sse_event(drafts[i].event, id, drafts[i].data));
  }
  return events;
}

}  // namespace dibs::api
