#include "sim/topic.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include "sim/memory_directory.h"

namespace dibs::sim {

/// One connection. What it was given arrives in order for each key, which is a partition of its
/// own; some of it perhaps after the connection is gone.
class Topic::Sink final : public events::EventSink {
 public:
  explicit Sink(Topic& topic) : topic_(topic) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() override { arrive(some()); }

  bool send(std::string_view key, std::string_view value, std::uint64_t number) override {
    if (!topic_.quiet_ && topic_.random_.chance(20)) return false;
    under_way_[std::string(key)].push_back({number, std::string(value)});
    ++count_;
    return true;
  }

  Result<std::vector<std::uint64_t>> acked(Duration /*patience*/) override {
    if (!topic_.quiet_ && topic_.random_.chance(20)) {
      arrive(some());
      return fault(FaultKind::unavailable, "the broker has gone", "");
    }
    arrive(topic_.quiet_ ? count_ : some());
    // An acknowledgement may come later than the record does, and after a later one's.
    std::vector<std::uint64_t> told;
    while (!untold_.empty() && (topic_.quiet_ || topic_.random_.chance(700))) {
      const bool last = topic_.random_.chance(300);
      told.push_back(last ? untold_.back() : untold_.front());
      last ? untold_.pop_back() : untold_.pop_front();
    }
    return told;
  }

  [[nodiscard]] std::string trouble() const override { return {}; }

 private:
  struct Record {
    std::uint64_t number;
    std::string value;
  };
  [[nodiscard]] std::size_t some() { return topic_.random_.below(count_ + 1); }
  void arrive(std::size_t count) {
    for (; count > 0; --count, --count_) {
      auto partition = under_way_.begin();
      std::advance(partition, topic_.random_.below(under_way_.size()));
      Record& record = partition->second.front();
      topic_.records_.push_back(std::move(record.value));
      untold_.push_back(record.number);
      partition->second.pop_front();
      if (partition->second.empty()) under_way_.erase(partition);
    }
  }

  Topic& topic_;
  std::map<std::string, std::deque<Record>> under_way_;
  std::size_t count_ = 0;  ///< of what is under way
  std::deque<std::uint64_t> untold_;
};

Topic::Topic(std::uint64_t seed, engine::ManualClock& clock)
    : random_(seed), clock_(clock), directory_(in_memory()) {}

void Topic::open(const store::EventFeed& feed) {
  const std::string file = directory_.path() + "/outbox.cursor";
  // Without it, as after a move to another machine, everything is told again.
  if (random_.chance(100)) std::filesystem::remove(file);
  events::OutboxPump::Options options;
  options.cursor_file = file;
  options.open_sink = [this] {
    return Result<std::unique_ptr<events::EventSink>>(std::make_unique<Sink>(*this));
  };
  options.events_in_flight = 1 + random_.below(64);
  pump_ = std::make_unique<events::OutboxPump>(std::move(options), feed, clock_);
}

void Topic::shut() { pump_.reset(); }

void Topic::turn() { pump_->turn(); }

}  // namespace dibs::sim
