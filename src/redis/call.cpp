#include "redis/call.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "redis/fields.h"

/// What the functions' replies say: the results of src/redis/functions/{apply,look}.lua.
namespace dibs::redis {
namespace {

constexpr std::size_t kStride = 5;  // code, arrival, seq, time, more

std::unexpected<Fault> not_ours(std::string what) {
  return fault(FaultKind::corrupt, "A function on Redis answered what it never does: " + what,
               "Load the library of this build again (FUNCTION LOAD), and report it.");
}

std::unexpected<Fault> refused(const redisReply& reply) {
  const std::string text(reply.str, reply.len);
  const auto says = [&text](std::string_view words) { return text.find(words) != text.npos; };
  if (says("Function not found")) {
    return fault(FaultKind::not_found, "This Redis does not have this build's functions.",
                 "Load them: FUNCTION LOAD with the text of the library.");
  }
  if (says("equal or smaller than the target stream top item")) {
    return fault(FaultKind::corrupt,
                 "A stream of this sale on Redis is ahead of the sale's figures: " + text,
                 "Stop selling it. Compare the end of its streams with its meta (docs/formats/"
                 "redis.md): one of them was restored or written by something else.");
  }
  return fault(FaultKind::unavailable, "Redis answered an error, and nothing has changed: " + text,
               "Mend what it names; the same call may then succeed.");
}

/// The elements of a reply, taken one by one; a wrong one leaves `ok` false.
class Elements {
 public:
  explicit Elements(const redisReply& reply) : rest_(elements(reply)) {}

  [[nodiscard]] bool ok() const { return ok_; }

  const redisReply* next() {
    if (rest_.empty()) return ok_ = false, nullptr;
    const redisReply* reply = rest_.front();
    rest_ = rest_.subspan(1);
    return reply;
  }
  std::string_view text() {
    const redisReply* reply = next();
    return must(reply == nullptr ? std::nullopt : text_of(*reply));
  }
  std::int64_t number() {
    const redisReply* reply = next();
    return must(reply == nullptr ? std::nullopt : number_of(*reply));
  }
  std::uint64_t count() { return static_cast<std::uint64_t>(number()); }
  Instant instant() { return must(instant_of(number())); }

  template <class T>
  T must(const std::optional<T>& value) {
    if (!value) ok_ = false;
    return value.value_or(T());
  }

 private:
  std::span<redisReply* const> rest_;
  bool ok_ = true;
};

/// What else there is to say: {name, value, …}, or 0.
bool read_more(const redisReply& reply, Applied& out) {
  if (reply.type == REDIS_REPLY_INTEGER) return true;
  Fields more(reply);
  if (more.find("order") != nullptr) out.order = more.word("order", order_key);
  out.replayed = more.find("replayed") != nullptr;
  out.created = more.find("created") != nullptr;
  out.opens_at = more.optional_instant("opens_at");
  out.detail = std::string(more.optional_text("detail").value_or(""));
  return more.ok();
}

bool read_results(const redisReply& reply, std::vector<Applied>& out) {
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements % kStride != 0) return false;
  Elements in(reply);
  for (std::size_t i = 0; i < reply.elements / kStride; ++i) {
    const auto code = to_code(in.text());
    Applied& result = out.emplace_back();
    result.reached = true;
    result.code = code.value_or(sale::Code::ok);
    result.arrival = Arrival(in.count());
    result.seq = Seq(in.count());
    result.now = in.instant();
    const redisReply* more = in.next();
    if (!in.ok() || !code || !read_more(*more, result)) return false;
  }
  return true;
}

Result<BatchResult> read_ok(Elements& in) {
  BatchResult result;
  result.epoch = std::string(in.text());
  result.seq = Seq(in.count());
  result.now = in.instant();
  const std::int64_t next_due = in.number();
  if (next_due >= 0) result.next_due = in.must(instant_of(next_due));
  result.first = Seq(in.count());
  const redisReply* results = in.next();
  const redisReply* events = in.next();
  if (!in.ok() || !read_results(*results, result.results)) return not_ours("its results");
  for (const redisReply* entry : elements(*events)) {
    auto event = decode_event(*entry);
    if (!event) return std::unexpected(std::move(event).error());
    const Seq expected(result.first.value() + result.events.size());
    if (event->seq != expected) return not_ours("events with a gap");
    result.events.push_back(*std::move(event));
  }
  return result;
}

}  // namespace

Result<BatchResult> parse(const redisReply& reply, Seq known, std::size_t commands) {
  if (reply.type == REDIS_REPLY_ERROR) return refused(reply);
  Elements in(reply);
  const std::string_view how = in.text();
  if (how == "ok") {
    auto result = read_ok(in);
    if (!result) return result;
    if (result->results.size() > commands) return not_ours("more results than commands");
    result->results.resize(commands);
    result->events_complete = result->first == known.next();
    return result;
  }
  if (how != "fenced") return not_ours("neither ok nor fenced");
  BatchResult fenced;
  fenced.fenced = true;
  fenced.epoch = std::string(in.text());
  fenced.seq = Seq(in.count());
  fenced.why_fenced = std::string(in.text());
  if (!in.ok()) return not_ours("why it is fenced");
  return fenced;
}

Result<std::vector<NumberedRequest>> decode_arrivals(const redisReply& entry) {
  const auto bad = [] {
    return fault(FaultKind::corrupt, "An entry of a sale's stream of arrivals is not one.",
                 "Look at it with XRANGE; something else than Dibs has written there.");
  };
  const auto parts = elements(entry);
  if (parts.size() != 2) return bad();
  Fields in(*parts[1]);
  Arrival arrival(in.count("first"));
  const Instant at = in.instant("at");
  std::string_view requests = in.text("requests");
  std::vector<NumberedRequest> all;
  while (in.ok() && !requests.empty()) {
    const std::size_t end = std::min(requests.find('\n'), requests.size());
    std::string_view line = requests.substr(0, end);
    requests.remove_prefix(std::min(end + 1, requests.size()));
    const auto take = [&line] {
      const std::size_t blank = std::min(line.find(' '), line.size());
      const std::string_view word = line.substr(0, blank);
      line.remove_prefix(std::min(blank + 1, line.size()));
      return word;
    };
    NumberedRequest& request = all.emplace_back();
    request.arrival = arrival;
    request.received = at;
    request.buyer = BuyerId(std::string(take()));
    request.code = in.must(to_code(take()));
    if (request.code == sale::Code::ok) request.order = in.must(order_key(take()));
    arrival = arrival.next();
  }
  if (!in.ok()) return bad();
  return all;
}

}  // namespace dibs::redis
