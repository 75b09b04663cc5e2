#include "sandbox/bank.h"

#include <algorithm>
#include <array>
#include <random>

#include "sandbox/sqlite.h"

namespace dibs::sandbox {
namespace {

using Status = Intent::Status;

constexpr const char* kOpen = "open";

constexpr const char* kSchema = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 5000;
CREATE TABLE IF NOT EXISTS intents (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, attempt TEXT NOT NULL UNIQUE,
  orders TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, token TEXT NOT NULL,
  status TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS intents_by_order ON intents (orders);
CREATE INDEX IF NOT EXISTS intents_by_status ON intents (status);
CREATE TABLE IF NOT EXISTS events (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL,
  sent INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX IF NOT EXISTS events_unsent ON events (number) WHERE sent = 0;
CREATE TABLE IF NOT EXISTS endpoint (
  one INTEGER PRIMARY KEY CHECK (one = 1), url TEXT NOT NULL, secret TEXT NOT NULL) STRICT;
)";
constexpr const char* kColumns =
    "SELECT id, attempt, orders, amount, currency, status FROM intents";

std::string random_id(std::string_view prefix) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  static std::random_device device;
  std::string id(prefix);
  for (int i = 0; i < 24; ++i) id += kDigits[device() % kDigits.size()];
  return id;
}

Intent intent_of(const Statement& row) {
  return {.id = row.text(0),
          .key = row.text(1),
          .order = row.text(2),
          .amount = row.integer(3),
          .currency = row.text(4),
          .status = payment::parse_status(row.text(5)).value_or(Status::declined)};
}

/// The status that an intent must have to get to another.
std::optional<Status> before(Status to) {
  switch (to) {
    case Status::requires_capture:
    case Status::declined:
      return Status::processing;
    case Status::captured:
    case Status::canceled:
      return Status::requires_capture;
    case Status::refunded:
      return Status::captured;
    case Status::processing:
      break;
  }
  return std::nullopt;
}

/// Rolled back unless it is committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* db) : db_(db) { execute(db_, "BEGIN IMMEDIATE"); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!done_) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void commit() {
    execute(db_, "COMMIT");
    done_ = true;
  }

 private:
  sqlite3* db_;
  bool done_ = false;
};

}  // namespace

struct Bank::Impl {
  Database db;

  std::optional<Intent> one(std::string_view column, std::string_view value) const {
    Statement row(db.get(), std::string(kColumns) + " WHERE " + std::string(column) + " = ?");
    if (!row.bind(1, value).step()) return std::nullopt;
    return intent_of(row);
  }
  void add_event(const Intent& intent) {
    if (intent.status == Status::processing) return;
    const payment::IntentEvent event{"payment_intent." + std::string(to_text(intent.status)),
                                     intent};
    Statement(db.get(), "INSERT INTO events (id, body) VALUES (?, ?)")
        .bind(1, random_id("evt_"))
        .bind(2, payment::to_json(event))
        .step();
  }
};

Bank::Bank(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bank::Bank(Bank&&) noexcept = default;
Bank::~Bank() = default;

Result<Bank> Bank::open(const std::string& file) {
  auto impl = std::make_unique<Impl>();
  sqlite3* db = nullptr;
  const int opened = sqlite3_open(file.c_str(), &db);
  impl->db.reset(db);
  if (opened != SQLITE_OK) {
    return fault(FaultKind::unavailable, "The books " + file + " cannot be opened.",
                 "Check the path and its rights.");
  }
  try {
    execute(db, kSchema);
  } catch (const std::runtime_error& error) {
    return fault(FaultKind::corrupt, file + " cannot be used: " + error.what() + ".",
                 "Give --data another file.");
  }
  return Bank(std::move(impl));
}

Decided<Intent> Bank::create(const payment::IntentRequest& request, const std::string& key,
                             Status status) {
  if (auto known = impl_->one("attempt", key)) {
    const bool same = known->order == request.order && known->amount == request.amount &&
                      known->currency == request.currency;
    if (same) return *known;
    return std::unexpected(Refusal{409, "This Idempotency-Key was used for another payment."});
  }
  Intent intent{.id = random_id("pi_"),
                .key = key,
                .order = request.order,
                .amount = request.amount,
                .currency = request.currency,
                .status = status};
  Transaction transaction(impl_->db.get());
  Statement(impl_->db.get(),
            "INSERT INTO intents (id, attempt, orders, amount, currency, token, status) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)")
      .bind(1, intent.id)
      .bind(2, intent.key)
      .bind(3, intent.order)
      .bind(4, intent.amount)
      .bind(5, intent.currency)
      .bind(6, request.token)
      .bind(7, to_text(status))
      .step();
  impl_->add_event(intent);
  transaction.commit();
  return intent;
}

Decided<Intent> Bank::move(const std::string& id, Status to) {
  auto intent = find(id);
  if (!intent || intent->status == to) return intent;
  const bool given_up_early = to == Status::canceled && intent->status == Status::processing;
  if (intent->status != before(to) && !given_up_early) {
    return std::unexpected(Refusal{409, "The payment intent is " +
                                            std::string(to_text(intent->status)) +
                                            ", so it cannot be " + std::string(to_text(to)) + "."});
  }
  intent->status = to;
  Transaction transaction(impl_->db.get());
  Statement(impl_->db.get(), "UPDATE intents SET status = ? WHERE id = ?")
      .bind(1, to_text(to))
      .bind(2, id)
      .step();
  impl_->add_event(*intent);
  transaction.commit();
  return intent;
}

Decided<Intent> Bank::find(const std::string& id) const {
  auto intent = impl_->one("id", id);
  if (!intent) return std::unexpected(Refusal{404, "There is no such payment intent."});
  return *intent;
}

std::string Bank::token(const std::string& id) const {
  Statement row(impl_->db.get(), "SELECT token FROM intents WHERE id = ?");
  return row.bind(1, id).step() ? row.text(0) : std::string();
}

std::vector<Intent> Bank::list(const Filter& filter) const {
  std::string sql = std::string(kColumns) + " WHERE 1";
  std::vector<std::string_view> values;
  const auto narrow = [&](const std::string& value, std::string_view clause) {
    if (value.empty()) return;
    sql.append(" AND ").append(clause);
    values.push_back(value);
  };
  narrow(filter.order, "orders = ?");
  narrow(filter.attempt, "attempt = ?");
  if (filter.status == kOpen) {
    sql += " AND status IN ('processing', 'requires_capture')";
  } else {
    narrow(filter.status, "status = ?");
  }
  narrow(filter.after, "number > (SELECT number FROM intents WHERE id = ?)");
  Statement rows(impl_->db.get(), sql + " ORDER BY number LIMIT " + std::to_string(kPage));
  for (int at = 0; const auto value : values) rows.bind(++at, value);
  std::vector<Intent> intents;
  while (rows.step()) intents.push_back(intent_of(rows));
  return intents;
}

std::vector<Intent> Bank::processing() const {
  Statement rows(impl_->db.get(), std::string(kColumns) + " WHERE status = 'processing'");
  std::vector<Intent> intents;
  while (rows.step()) intents.push_back(intent_of(rows));
  return intents;
}

std::vector<BankEvent> Bank::unsent() const {
  Statement rows(impl_->db.get(),
                 "SELECT number, id, body FROM events WHERE sent = 0 ORDER BY number");
  std::vector<BankEvent> events;
  while (rows.step()) events.push_back({rows.integer(0), rows.text(1), rows.text(2)});
  return events;
}

void Bank::sent(std::int64_t number) {
  Statement(impl_->db.get(), "UPDATE events SET sent = 1 WHERE number = ?").bind(1, number).step();
}

std::optional<WebhookEndpoint> Bank::endpoint() const {
  Statement row(impl_->db.get(), "SELECT url, secret FROM endpoint");
  if (!row.step()) return std::nullopt;
  return WebhookEndpoint{row.text(0), row.text(1)};
}

void Bank::set_endpoint(const WebhookEndpoint& endpoint) {
  Statement(impl_->db.get(), "INSERT OR REPLACE INTO endpoint (one, url, secret) VALUES (1, ?, ?)")
      .bind(1, endpoint.url)
      .bind(2, endpoint.secret)
      .step();
}

}  // namespace dibs::sandbox
