#include "sim/topic.h"

#include <algorithm>
#include <filesystem>

#include "sim/memory_directory.h"

namespace dibs::sim {

/// One connection. What it was given arrives in order, some of it perhaps after it is gone.
class Topic::Sink final : public events::EventSink {
 public:
  explicit Sink(Topic& topic) : topic_(topic) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() override { arrive(topic_.random_.below(under_way_.size() + 1)); }

  bool send(std::string_view /*key*/, std::string_view value, std::uint64_t number) override {
    if (!topic_.quiet_ && topic_.random_.chance(20)) return false;
    under_way_.push_back({number, std::string(value)});
    return true;
  }

  Result<std::vector<std::uint64_t>> acked(Duration /*patience*/) override {
    if (!topic_.quiet_ && topic_.random_.chance(20)) {
      arrive(topic_.random_.below(under_way_.size() + 1));
      return fault(FaultKind::unavailable, "the broker has gone", "");
    }
    arrive(topic_.quiet_ ? under_way_.size() : topic_.random_.below(under_way_.size() + 1));
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
  void arrive(std::size_t count) {
    for (; count > 0; --count) {
      topic_.records_.push_back(std::move(under_way_.front().value));
      untold_.push_back(under_way_.front().number);
      under_way_.pop_front();
    }
  }

  Topic& topic_;
  std::deque<Record> under_way_;
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
