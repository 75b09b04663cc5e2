#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "base/worker.h"
#include "events/notice_cursor.h"
#include "events/notice_queue.h"
#include "events/notice_relay.h"

namespace dibs::events {

/// Everything but the mailbox and the published states belongs to the worker's thread.
struct NoticeRelay::Impl {
  /// What the store's thread leaves for the worker, the latest of each sale.
  struct News {
    std::optional<std::string> url;  ///< nothing: the sale has no notify any more
    bool test = false;
    bool ended = false;  ///< removed or archived: what is left is sent to the URL of before
    Seq latest;
    NoticeQueue::Delivered before;  ///< what came before the first event with news
  };
  struct Sale {
    SaleId id;
    std::string url;
    bool test = false;
    NoticeQueue queue;
    Seq latest;          ///< last durable event
    Position read_from;  ///< events from this record on are read
    std::unique_ptr<store::EventReader> reader;
    bool more = true;  ///< there may be events to read
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;
  };
  using SalePointer = std::shared_ptr<Sale>;
  struct Published {
    NoticeState state;
    std::optional<Instant> oldest;
  };

  Impl(Options given, const store::EventFeed& the_feed, const Clock& the_clock);
  ~Impl();

  void begin(const std::vector<sale::SaleView>& sales);
  void stop();
  void leave(const SaleId& sale, News news);
  [[nodiscard]] NoticeState state_of(const Published& published) const;

  // On the worker.
  void take_up(const std::vector<sale::SaleView>& sales);
  void plan_turn(Duration pause);
  void turn();
  void hear(const SaleId& sale, const News& news);
  Sale& add(const SaleId& sale, NoticeQueue queue, Position read_from);
  void drop(const SaleId& sale);
  void advance(const SalePointer& sale);
  void fill(Sale& sale);
  void send(const SalePointer& sale);
  [[nodiscard]] client::HttpCall call_for(const Sale& sale, const store::FedEvent& event) const;
  /// `url`: where it was sent; the sale may have another by now.
  void answered(const SalePointer& sale, const std::string& url,
                const Result<client::HttpAnswer>& answer);
  void refused(const SalePointer& sale, std::string why, bool by_shop);
  void publish(const Sale& sale);
  void changed();
  void write();
  void note_written(const NoticeCursor& cursor);

  const Options options;
  const store::EventFeed& feed;
  const Clock& clock;

  std::atomic<std::uint64_t> heard{0};  ///< of the records before this one all news was left
  std::atomic<bool> turn_planned{false};
  std::mutex mailbox_mutex;
  std::map<SaleId, News> mailbox;  ///< guarded by mailbox_mutex

  mutable std::mutex published_mutex;
  std::map<SaleId, Published> published;  ///< guarded by published_mutex
  /// What the file says of each sale; guarded by published_mutex.
  std::optional<std::map<SaleId, Seq>> on_disk;

  bool begun = false;
  bool feed_failed = false;
  std::map<SaleId, SalePointer> sales;
  Position heard_all;  ///< `heard` as of the news last taken
  Position from;       ///< where the file told to begin
  bool unwritten = false;
  bool write_planned = false;
  bool write_failed = false;
  std::minstd_rand random{std::random_device{}()};

  Worker worker;                               ///< before the client, whose answers give it tasks
  std::unique_ptr<client::HttpClient> client;  ///< null when options.send is given
};

}  // namespace dibs::events
