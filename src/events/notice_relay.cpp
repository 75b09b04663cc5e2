// The relay's turns: what the store's thread left, what the journal has for the sales with room,
// and the file. Sending is in notice_sending.cpp.
#include "events/notice_relay.h"

#include <algorithm>
#include <utility>

#include "events/notice_relay_impl.h"

namespace dibs::events {
namespace {

/// Commits come every fraction of a millisecond in a rush; the journal is not looked at for each.
constexpr Duration kTurnEvery = std::chrono::milliseconds(10);
/// How long an answer may be known before it is durable: so many notices are repeated by a crash,
/// and so rarely does the file's flush stand in the way of the journal's.
constexpr Duration kWriteEvery = std::chrono::milliseconds(500);
constexpr Duration kFeedPause = std::chrono::seconds(5);

/// Whether one of the events can end or change what the shop is told, or to where.
bool changes_notify(std::span<const sale::Event> events) {
  return std::ranges::any_of(events, [](const sale::Event& event) {
    return std::holds_alternative<sale::Changed>(event.fact) ||
           std::holds_alternative<sale::Removed>(event.fact) ||
           std::holds_alternative<sale::Archived>(event.fact);
  });
}

bool ends_sale(std::span<const sale::Event> events) {
  return std::ranges::any_of(events, [](const sale::Event& event) {
    return std::holds_alternative<sale::Removed>(event.fact) ||
           std::holds_alternative<sale::Archived>(event.fact);
  });
}

}  // namespace

NoticeRelay::Impl::Impl(Options given, const store::EventFeed& the_feed, const Clock& the_clock)
    : options(std::move(given)), feed(the_feed), clock(the_clock), worker(the_clock) {
  if (!options.send) {
    client::HttpClient::Options settings;
    settings.patience = std::chrono::seconds(15);  // shops answer from scripts, cold ones too
    client = std::make_unique<client::HttpClient>(settings);
  }
}

NoticeRelay::Impl::~Impl() { stop(); }

void NoticeRelay::Impl::stop() {
  client.reset();
  worker.stop();
  if (begun && unwritten) write();
}

void NoticeRelay::Impl::leave(const SaleId& sale, News news) {
  {
    const std::lock_guard lock(mailbox_mutex);
    const auto [found, fresh] = mailbox.try_emplace(sale, news);
    if (!fresh) {
      news.before = found->second.before;
      news.ended = news.ended || (found->second.ended && !news.url);
      found->second = std::move(news);
    }
  }
  plan_turn(kTurnEvery);
}

void NoticeRelay::Impl::plan_turn(Duration pause) {
  if (turn_planned.exchange(true)) return;
  worker.at(clock.monotonic() + pause, [this] { turn(); });
}

void NoticeRelay::Impl::begin(const std::vector<sale::SaleView>& views) {
  worker.soon([this, views] { take_up(views); });
}

void NoticeRelay::Impl::take_up(const std::vector<sale::SaleView>& views) {
  NoticeCursor cursor;
  if (auto read = read_cursor(options.cursor_file); !read) {
    options.on_warning(read.error().what + " " + read.error().remedy);
  } else if (*read) {
    cursor = std::move(**read);
  }
  note_written(cursor);
  from = cursor.from;
  for (const auto& [id, entry] : cursor.sales) {
    Sale& sale = add(id, NoticeQueue(entry.delivered), entry.delivered.position);
    sale.latest = entry.delivered.seq;
    sale.url = entry.url;
    sale.test = entry.test;
  }
  for (const sale::SaleView& view : views) {
    if (!view.spec->notify_url) {
      drop(view.id);
      continue;
    }
    const auto found = sales.find(view.id);
    Sale& sale = found != sales.end() ? *found->second : add(view.id, NoticeQueue(), from);
    sale.url = *view.spec->notify_url;
    sale.test = view.spec->test;
    sale.latest = view.seq;
  }
  begun = true;
  turn();
}

void NoticeRelay::Impl::turn() {
  turn_planned = false;
  if (!begun) return;
  // Read before the mailbox is: what it says has been left, is in there.
  const Position all = Position(heard.load());
  std::map<SaleId, News> news;
  {
    const std::lock_guard lock(mailbox_mutex);
    news.swap(mailbox);
  }
  for (const auto& [sale, what] : news) hear(sale, what);
  heard_all = std::max(heard_all, all);
  const auto turn_of = sales;  // advance() may take one away
  for (const auto& [id, sale] : turn_of) advance(sale);
}

void NoticeRelay::Impl::hear(const SaleId& id, const News& news) {
  const auto found = sales.find(id);
  if (!news.url && !news.ended) return drop(id);
  if (found == sales.end() && !news.url) return;
  Sale& sale = found != sales.end()
                   ? *found->second
                   : add(id, NoticeQueue(news.before, false), news.before.position);
  if (news.url) sale.url = *news.url;
  if (news.url) sale.test = news.test;
  sale.latest = news.latest;
  sale.more = true;
}

NoticeRelay::Impl::Sale& NoticeRelay::Impl::add(const SaleId& id, NoticeQueue queue,
                                                Position read_from) {
  auto sale = std::make_shared<Sale>();
  sale->id = id;
  sale->queue = std::move(queue);
  sale->read_from = read_from;
  return *(sales[id] = std::move(sale));
}

void NoticeRelay::Impl::drop(const SaleId& id) {
  if (sales.erase(id) == 0) return;
  changed();
  const std::lock_guard lock(published_mutex);
  published.erase(id);
}

void NoticeRelay::Impl::advance(const SalePointer& sale) {
  fill(*sale);
  send(sale);
  publish(*sale);
  if (sale->queue.ended() && sale->queue.empty() && !sale->more) drop(sale->id);
}

void NoticeRelay::Impl::fill(Sale& sale) {
  if (!sale.more || sale.queue.room() < NoticeQueue::kWindow / 2) return;
  if (!sale.reader) {
    store::Taken taken{sale.read_from, {{sale.id, sale.queue.delivered().seq}}};
    sale.reader = feed.read_events(std::move(taken), sale.id);
  }
  auto batch = sale.reader->next(sale.queue.room());
  if (!batch) {
    if (!std::exchange(feed_failed, true)) options.on_warning("Notices: " + batch.error().what);
    return plan_turn(kFeedPause);
  }
  feed_failed = false;
  sale.more = !batch->caught_up;
  for (store::FedEvent& event : batch->events) sale.queue.take(std::move(event));
  // A bounded piece at a time, so that other sales have their turn.
  if (sale.more && sale.queue.room() >= NoticeQueue::kWindow / 2) plan_turn(Duration(0));
}

void NoticeRelay::Impl::changed() {
  unwritten = true;
  if (std::exchange(write_planned, true)) return;
  worker.at(clock.monotonic() + kWriteEvery, [this] {
    write_planned = false;
    if (unwritten) write();
  });
}

void NoticeRelay::Impl::write() {
  NoticeCursor cursor;
  cursor.from = std::max(from, heard_all);
  for (const auto& [id, sale] : sales) {
    const NoticeQueue::Delivered& delivered = sale->queue.delivered();
    if (delivered.seq == Seq()) {
      cursor.from = std::min(cursor.from, sale->read_from);
    } else {
      cursor.sales[id] = {delivered, sale->test, sale->url};
    }
  }
  unwritten = false;
  const auto written = write_cursor(options.cursor_file, cursor);
  const bool failed_before = std::exchange(write_failed, !written);
  if (written) return note_written(cursor);
  if (!failed_before) options.on_warning(written.error().what + " " + written.error().remedy);
  unwritten = true;
}

void NoticeRelay::Impl::note_written(const NoticeCursor& cursor) {
  std::map<SaleId, Seq> now;
  for (const auto& [id, entry] : cursor.sales) now[id] = entry.delivered.seq;
  const std::lock_guard lock(published_mutex);
  on_disk = std::move(now);
}

NoticeState NoticeRelay::Impl::state_of(const Published& one) const {
  NoticeState state = one.state;
  if (one.oldest) state.behind_for = std::max(Duration(0), clock.now() - *one.oldest);
  return state;
}

void NoticeRelay::Impl::publish(const Sale& sale) {
  Published one{.state = {.sale = sale.id,
                          .url = sale.url,
                          .delivered = sale.queue.delivered().seq,
                          .behind = sale.queue.behind(sale.latest),
                          .behind_for = {},
                          .sent = sale.sent,
                          .failed = sale.failed,
                          .last_error = sale.queue.last_error()},
                .oldest = sale.queue.oldest()};
  const std::lock_guard lock(published_mutex);
  published.insert_or_assign(sale.id, std::move(one));
}

NoticeRelay::NoticeRelay(Options options, const store::EventFeed& feed, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), feed, clock)) {}
NoticeRelay::~NoticeRelay() = default;

void NoticeRelay::begin(std::vector<sale::SaleView> sales) { impl_->begin(sales); }
void NoticeRelay::stop() { impl_->stop(); }

void NoticeRelay::on_events(const std::shared_ptr<const sale::SaleView>& view,
                            std::span<const sale::Event> events) noexcept {
  const bool notifies = view->spec && view->spec->notify_url;
  const bool told = notifies || changes_notify(events);
  const Position position = impl_->feed.durable_position();
  if (notifies && events.empty()) {
    // Learnt of by its state alone: what its shop has not been told of is asked for, or missing.
    Impl::News news{.url = view->spec->notify_url,
                    .test = view->spec->test,
                    .ended = false,
                    .latest = view->seq,
                    .before = {Seq(), position}};
    impl_->leave(view->id, std::move(news));
  } else if (told && !events.empty()) {
    Impl::News news{.url = {},
                    .test = false,
                    .ended = ends_sale(events),
                    .latest = events.back().seq,
                    .before = {Seq(events.front().seq.value() - 1), position}};
    if (notifies) news.url = view->spec->notify_url;
    if (notifies) news.test = view->spec->test;
    impl_->leave(view->id, std::move(news));
  }
  impl_->heard.store(position.value());
}

std::optional<NoticeState> NoticeRelay::state(const SaleId& sale) const {
  const std::lock_guard lock(impl_->published_mutex);
  const auto found = impl_->published.find(sale);
  if (found == impl_->published.end()) return std::nullopt;
  return impl_->state_of(found->second);
}

std::optional<Seq> NoticeRelay::told_for_good(const SaleId& sale) const {
  const std::lock_guard lock(impl_->published_mutex);
  if (!impl_->on_disk) return std::nullopt;
  const auto found = impl_->on_disk->find(sale);
  if (found != impl_->on_disk->end()) return found->second;
  return impl_->published.contains(sale) ? Seq() : store::kWantsNone;
}

std::vector<NoticeState> NoticeRelay::states() const {
  std::vector<NoticeState> all;
  const std::lock_guard lock(impl_->published_mutex);
  for (const auto& [id, one] : impl_->published) all.push_back(impl_->state_of(one));
  return all;
}

}  // namespace dibs::events
