#include "sim/server.h"

#include <chrono>

namespace dibs::sim {
namespace {

using engine::Engine;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kEventsARead = 256;

std::uint64_t digest(std::string_view bytes, std::uint64_t from = 14695981039346656037ULL) {
  for (const char byte : bytes) {
    from = (from ^ static_cast<std::uint8_t>(byte)) * 1099511628211ULL;
  }
  return from;
}

std::uint64_t digest(const sale::Event& event) {
  std::string packed;
  ByteWriter writer(packed);
  sale::encode(event, writer);
  return digest(packed);
}

}  // namespace

Server::Server(Random& random, Agenda& agenda, engine::ManualClock& clock, Plant plant,
               Follower follower, Desk* desk, Topic* topic)
    : random_(random),
      agenda_(agenda),
      clock_(clock),
      plant_(plant),
      follower_(std::move(follower)),
      desk_(desk),
      topic_(topic),
      loops_(kLoops) {}

Server::~Server() {
  ++lives_;  // what the engine still says while it ends is heard by nobody
  leave();
}

void Server::arrive(const std::string& sale, sale::Command command, Answered answered) {
  put_down([this, sale, command = std::move(command),
            answered = std::move(answered)](const Stamp* stamp) mutable {
    if (stamp == nullptr) return answered(nullptr);
    submit(*stamp, sale, command, std::move(answered));
  });
}

void Server::arrive(const payment::IntentEvent& event) {
  put_down([this, event](const Stamp* stamp) {
    if (stamp != nullptr) desk_->hear(*stamp, event);
  });
}

void Server::put_down(Taken taken) {
  if (!engine_) return taken(nullptr);
  Loop& loop = loops_[random_.below(loops_.size())];
  // No two packets are stamped with the same nanosecond here, so that order has one meaning.
  clock_.advance(Duration(1));
  loop.arrived.push_back({clock_.now(), clock_set_, std::move(taken)});
  // The loop that has it reads it; the other is asked how far it is.
  for (const Work work : {Work::loop_0, Work::loop_1})
    soon(work, microseconds(20), milliseconds(2));
}

void Server::soon(Work work, Duration least, Duration most) {
  bool& planned = planned_.at(static_cast<std::size_t>(work));
  if (planned) return;
  planned = true;
  agenda_.after(random_.between(least, most), [this, work, life = lives_] {
    if (life != lives_) return;  // of a process that is no more
    planned_.at(static_cast<std::size_t>(work)) = false;
    if (engine_) go(work);
  });
}

/// What a process does wakes what it does next, some time later; the rest comes round by itself.
void Server::go(Work work) {
  switch (work) {
    case Work::loop_0:
    case Work::loop_1:
      read_loop(work == Work::loop_0 ? 0 : 1);
      return soon(Work::sequencer, microseconds(20), milliseconds(1));
    case Work::sequencer:
      step(Engine::Part::sequencer);
      return soon(Work::committer, microseconds(50), milliseconds(2));
    case Work::committer: {
      const auto before = engine_->durable_position();
      step(Engine::Part::committer);
      if (!engine_ || engine_->durable_position() == before) return;
      return soon(Work::sequencer, microseconds(20), milliseconds(1));
    }
    case Work::round:
      for (const Work one : {Work::loop_0, Work::loop_1, Work::sequencer}) {
        soon(one, microseconds(20), milliseconds(2));
      }
      return soon(Work::round, milliseconds(20), milliseconds(300));
    case Work::keeper:
      step(Engine::Part::keeper);
      return soon(Work::keeper, milliseconds(50), milliseconds(600));
    case Work::snapshotter:
      step(Engine::Part::snapshotter);
      return soon(Work::snapshotter, milliseconds(200), seconds(1));
    case Work::look:
      look();
      return soon(Work::look, milliseconds(50), milliseconds(500));
    case Work::relay:
      topic_->turn();
      return soon(Work::relay, milliseconds(1), milliseconds(200));
    case Work::timers:
      desk_->step();
      return soon(Work::timers, milliseconds(1), milliseconds(30));
  }
}

void Server::read_loop(std::size_t index) {
  Loop& loop = loops_[index];
  const Instant began = clock_.now();
  while (!loop.arrived.empty()) {
    Arrived next = std::move(loop.arrived.front());
    loop.arrived.pop_front();
    const Stamp stamp = loop.promise->give(next.at).stamp;
    reading_ = next.clock;
    next.taken(&stamp);
  }
  loop.promise->end_round(began);
}

void Server::submit(const Stamp& stamp, const std::string& sale, const sale::Command& command,
                    Answered answered) {
  ++commands_;
  law(sale).asked(command);
  auto heard = [this, life = lives_, clock = reading_, stamp, sale, command,
                answered = std::move(answered)](const sale::Outcome* outcome) mutable {
    // Of a process that is dead, or where it is not known: no word gets out.
    if (life != lives_ || outcome == nullptr) return answered(nullptr);
    catch_up();
    // What waits when the clock is set is let go, in order as far as it is there.
    answer(clock == clock_set_ ? std::optional(clock) : std::nullopt, stamp, sale, command,
           *outcome);
    answered(outcome);
  };
  if (desk_ != nullptr) return desk_->ask(stamp, sale, command, std::move(heard));
  engine_->submit(stamp, SaleId(sale), command,
                  [heard = std::move(heard)](Result<sale::Outcome> result) mutable {
                    heard(result ? &*result : nullptr);
                  });
}

/// What has left the server is judged.
void Server::answer(std::optional<std::uint64_t> clock, const Stamp& stamp, const std::string& sale,
                    const sale::Command& command, const sale::Outcome& outcome) {
  saw(static_cast<std::uint64_t>(outcome.code));
  saw(outcome.arrival.value());
  if (const auto* buy = std::get_if<sale::Buy>(&command.action)) {
    law(sale).answered(clock, stamp, *buy, outcome);
  } else {
    law(sale).answered(command, outcome);
  }
}

void Server::step(Engine::Part part) {
  engine_->step(part);
  // Now it is noticed that the clock was set, and what waited until then is let go.
  if (part == Engine::Part::sequencer && std::exchange(unnoticed_, false)) ++clock_set_;
  catch_up();
  if (!failed_) return;
  // What cannot be made durable ends the process; what comes back is a process or a machine.
  disk_->set_fault(nullptr);
  die(random_.chance(500));
}

void Server::settle() {
  for (int round = 0; round < 4 && engine_; ++round) {
    for (const Work work : {Work::loop_0, Work::loop_1, Work::sequencer, Work::committer}) {
      if (engine_) go(work);
    }
  }
}

void Server::catch_up() {
  if (!reader_) return;
  while (true) {
    auto batch = reader_->next(kEventsARead);
    if (!batch) {
      // The disk's fault, not the store's: it goes on where it was.
      return;
    }
    for (const store::FedEvent& fed : batch->events) {
      const std::string& sale = fed.sale.value();
      auto& visible = visible_[sale];
      const std::uint64_t is = digest(fed.event);
      const std::size_t place = reread_[sale]++;
      if (place < visible.size()) {
        if (visible[place] != is)
          broken_.push_back(sale + ": an event that had been visible has changed");
        continue;
      }
      visible.push_back(is);
      saw(is);
      ++events_;
      law(sale).take(fed.position, fed.event);
      follower_(fed);
    }
    if (batch->caught_up) return;
  }
}

Law& Server::law(const std::string& sale) {
  const auto [found, is_new] = laws_.try_emplace(sale, sale);
  if (is_new && clock_set_ > 0) found->second.clock_was_set();
  return found->second;
}

void Server::look() {
  for (auto& [sale, law] : laws_) {
    const Stamp stamp{clock_.now(), store::kNoLoop, UINT64_MAX};
    const auto view = std::make_shared<std::optional<sale::SaleView>>();
    engine_->find_sale(stamp, SaleId(sale), [view](Result<std::optional<sale::SaleView>> found) {
      if (found) *view = std::move(*found);
    });
    sale::Sale::OrderFilter everything;
    everything.limit = SIZE_MAX;
    engine_->list_orders(
        stamp, SaleId(sale), everything,
        [this, life = lives_, &law, view](Result<std::vector<sale::OrderView>> orders) {
          if (life != lives_ || !orders || !*view) return;
          catch_up();
          // What has become durable together with it may be newer.
          if (law.seq() != (*view)->seq) return;
          law.compare(**view, *orders);
          ++looks_;
        });
  }
}

void Server::saw(std::uint64_t what) { history_ = (history_ ^ what) * 1099511628211ULL; }

}  // namespace dibs::sim
