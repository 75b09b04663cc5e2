#include "sim/world.h"

#include <cerrno>
#include <chrono>
#include <optional>

namespace dibs::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kTroubledTime = seconds(12);
/// After it, whatever was under way has been answered, and every hold is over.
constexpr auto kCalmTime = seconds(60);
/// Through the API and with a bank goes every so many.
constexpr std::uint64_t kSeedsADesk = 2;
/// A ledger costs several times what all the rest does: every so many seeds there is one.
constexpr std::uint64_t kSeedsABook = 8;

constexpr int kLastTurns = 100;

class World {
 public:
  explicit World(const Settings& settings)
      : settings_(settings),
        random_(settings.seed),
        // What goes wrong has luck of its own: less of it, and people still do what they did.
        trouble_luck_(settings.seed ^ 0x9e3779b97f4a7c15ULL),
        bank_(
            random_, agenda_,
            [this](const SaleId& sale) -> Law& {
              server_.catch_up();  // what is durable by now, and nothing else
              return server_.law(sale.value());
            },
            [this](const payment::IntentEvent& event) { server_.arrive(event); }),
        desk_(clock_, bank_),
        topic_(settings.seed ^ 0x8cb92ba72f3d8dd7ULL, clock_),
        server_(
            random_, agenda_, clock_, settings.plant,
            [this](const store::FedEvent& fed) {
              if (books_) books_->take(fed);
            },
            settings.seed % kSeedsADesk == 0 ? &desk_ : nullptr,
            settings.seed % kSeedsABook == 0 ? &topic_ : nullptr),
        people_(random_, agenda_, clock_, server_, settings.people) {
    if (settings.seed % kSeedsABook == 0)
      books_.emplace(settings.seed ^ 0xd1b54a32d192ed03ULL, topic_);
  }

  Verdict live() {
    if (start()) {
      people_.begin();
      next_trouble();
      if (books_) write_down();
      const Duration calm = clock_.monotonic() + kTroubledTime;
      run_until(calm);
      calm_ = true;
      server_.break_disk(0);
      server_.set_disk_capacity(false);
      people_.calm_down();
      bank_.calm_down();
      topic_.calm_down();
      if (!server_.running()) start();
      run_until(calm + kCalmTime);
      judge();
    }
    return verdict();
  }

 private:
  bool start() {
    // While its disk fails it may refuse, and is tried again.
    if (server_.start() || server_.disk_fails()) return server_.running();
    broken_.push_back("the server does not start again: " + server_.refusal());
    return false;
  }

  void run_until(Duration end) {
    while (!agenda_.empty() && agenda_.next() < end && broken_.empty()) {
      const Duration ahead = agenda_.next() - clock_.monotonic();
      if (ahead > Duration(0)) clock_.advance(ahead);
      agenda_.take()();
      if (!server_.running() && !coming_back_) come_back();
    }
    if (clock_.monotonic() < end) clock_.advance(end - clock_.monotonic());
  }

  void come_back() {
    coming_back_ = true;
    agenda_.after(trouble_luck_.between(milliseconds(1), seconds(2)), [this] {
      coming_back_ = false;
      if (!server_.running()) start();
    });
  }

  void next_trouble() {
    agenda_.after(trouble_luck_.between(milliseconds(50), seconds(3)), [this] {
      if (calm_ || troubles_ >= settings_.troubles) return;
      ++troubles_;
      make_trouble();
      next_trouble();
    });
  }

  void make_trouble() {
    const auto well_again = [this](auto mend) {
      agenda_.after(trouble_luck_.between(milliseconds(1), milliseconds(500)), [mend] { mend(); });
    };
    switch (trouble_luck_.below(8)) {
      case 0:
      case 1:
        return server_.die(false);
      case 2:
        return server_.die(true);
      case 6:
        server_.die(false);
        return server_.rot(trouble_luck_);
      case 7:
        return server_.set_clock(trouble_luck_.between(-seconds(4), seconds(4)));
      case 3:
        return server_.end();
      case 4:
        server_.break_disk(EIO);
        return well_again([this] { server_.break_disk(0); });
      default:
        server_.set_disk_capacity(true);
        return well_again([this] { server_.set_disk_capacity(false); });
    }
  }

  /// What is written down is written down later, however the sale goes on.
  void write_down() {
    agenda_.after(milliseconds(400), [this] {
      books_->deliver();
      if (!calm_) write_down();
    });
  }

  void judge() {
    if (!server_.running()) return;
    server_.settle();
    if (!people_.all_answered()) broken_.push_back("somebody never got an answer");
    server_.catch_up();
    if (books_) {
      // What has become durable in this very moment is told, too.
      for (int turn = 0; turn < kLastTurns; ++turn) topic_.turn();
      if (!topic_.settled()) broken_.push_back("events wait for ever to be told");
    }
    if (books_) books_->close(server_.laws());
    bank_.close(server_.laws());
    for (const auto& [sale, law] : server_.laws()) server_.law(sale).at_rest(clock_.now());
  }

  Verdict verdict() {
    Verdict verdict;
    verdict.broken = broken_;
    const auto add = [&](const std::vector<std::string>& words) {
      verdict.broken.insert(verdict.broken.end(), words.begin(), words.end());
    };
    add(server_.broken());
    add(bank_.broken());
    add(desk_.broken());
    if (books_) add(books_->broken());
    for (const auto& [sale, law] : server_.laws()) add(law.broken());
    verdict.history = server_.history();
    verdict.commands = server_.commands();
    verdict.events = server_.events();
    verdict.looks = server_.looks();
    if (books_) verdict.applied = books_->applied();
    if (books_) verdict.duplicates = books_->duplicates();
    verdict.payments = bank_.attempts();
    verdict.refused = server_.refused_rot();
    verdict.starts = server_.starts();
    verdict.troubles = troubles_;
    return verdict;
  }

  Settings settings_;
  Random random_;
  Random trouble_luck_;
  engine::ManualClock clock_;
  Agenda agenda_{clock_};
  std::optional<Books> books_;
  Bank bank_;
  Desk desk_;
  Topic topic_;
  Server server_;
  People people_;
  bool calm_ = false;
  bool coming_back_ = false;
  std::uint64_t troubles_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace

Verdict simulate(const Settings& settings) { return World(settings).live(); }

Settings shrink(Settings failing) {
  const std::uint64_t all = simulate(failing).troubles;
  for (std::uint64_t fewer = 0; fewer <= all; ++fewer) {
    failing.troubles = fewer;
    if (!simulate(failing).broken.empty()) return failing;
  }
  failing.troubles = UINT64_MAX;
  return failing;
}

}  // namespace dibs::sim
