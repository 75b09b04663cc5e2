#include "load/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <random>

#include "base/assert.h"
#include "load/token.h"

namespace dibs::load {
namespace {

/// SplitMix64: a few lines that give the same draw on every machine and library.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  /// From 0 to bound - 1; the bias of the remainder is below 2^-32 for any number of buyers.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

/// Marks exactly round(share * candidates) of the candidates.
void mark_share(std::vector<std::uint32_t>& candidates, double share, Draw& draw,
                std::vector<bool>& marks) {
  const double wanted = std::round(share * static_cast<double>(candidates.size()));
  const auto count = std::min(static_cast<std::size_t>(wanted), candidates.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto pick = i + static_cast<std::size_t>(draw.below(candidates.size() - i));
    std::swap(candidates[i], candidates[pick]);
    marks[candidates[i]] = true;
  }
  candidates.erase(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count));
}

[[nodiscard]] std::string hex(std::uint64_t value) {
  std::array<char, 16> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, 16).ptr;
  return {text.data(), end};
}

}  // namespace

Script::Script(const Options& options, std::string sku) : options_(options), sku_(std::move(sku)) {
  host_line_ = "Host: " + authority(options) + "\r\n";
  std::random_device device;
  key_prefix_ = hex((static_cast<std::uint64_t>(device()) << 32U) | device()) + "-";
  draw(options);
  prepare_credentials(options);
  first_.reserve(options.buyers + 1);
  bytes_.reserve(std::size_t{options.buyers} * 320);
  for (std::uint32_t buyer = 0; buyer < options.buyers; ++buyer) prepare_first(buyer);
  first_.push_back({bytes_.size(), 0});
}

void Script::draw(const Options& options) {
  leaves_early_.assign(options.buyers, false);
  payment_fails_.assign(options.buyers, false);
  std::vector<std::uint32_t> candidates(options.buyers);
  for (std::uint32_t i = 0; i < options.buyers; ++i) candidates[i] = i;
  Draw draw(options.seed);
  mark_share(candidates, options.entry_failure, draw, leaves_early_);
  mark_share(candidates, options.payment_failure, draw, payment_fails_);
}

void Script::prepare_credentials(const Options& options) {
  if (options.credentials.kind != Credentials::Kind::jwt) return;
  tokens_.reserve(options.buyers);
  for (std::uint32_t buyer = 0; buyer < options.buyers; ++buyer) {
    tokens_.push_back(sign_token(options.credentials, buyer_name(buyer), options.sale));
  }
}

std::string Script::buyer_name(std::uint32_t buyer) const {
  return options_.buyer_prefix + std::to_string(buyer + 1);
}

void Script::append_credentials(std::uint32_t buyer, std::string& out) const {
  const bool jwt = options_.credentials.kind == Credentials::Kind::jwt;
  append_credentials(buyer_name(buyer), jwt ? std::string_view(tokens_[buyer]) : "", out);
}

void Script::append_credentials(std::string_view name, std::string_view token,
                                std::string& out) const {
  if (options_.credentials.kind == Credentials::Kind::jwt) {
    out.append("Authorization: Bearer ").append(token).append("\r\n");
    return;
  }
  if (options_.credentials.kind == Credentials::Kind::shop) {
    out.append("Authorization: Bearer ").append(options_.credentials.secret).append("\r\n");
  }
  out.append("Dibs-Buyer: ").append(name).append("\r\n");
}

std::string_view Script::token_of(std::uint32_t buyer) const {
  return payment_fails_[buyer] ? "tok_fail" : "tok_ok";
}

void Script::append_post(std::uint32_t buyer, std::string_view path, std::string_view extra_header,
                         std::string_view body, std::string& out) const {
  out.append("POST ").append(path).append(" HTTP/1.1\r\n").append(host_line_);
  append_credentials(buyer, out);
  out.append(extra_header).append("Content-Type: application/json\r\nContent-Length: ");
  out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

void Script::prepare_first(std::uint32_t buyer) {
  const std::size_t begin = bytes_.size();
  std::size_t body_size = 0;
  if (leaves_early_[buyer]) {
    bytes_.append("GET /v1/sales/").append(options_.sale).append(" HTTP/1.1\r\n");
    bytes_.append(host_line_).append("\r\n");
  } else {
    std::string body = R"({"items":[{"sku":")" + sku_ + R"(","quantity":1}])";
    if (options_.token_in_reference) {
      body.append(R"(,"reference":")").append(token_of(buyer)).append("\"");
    }
    body += '}';
    const std::string key = "Idempotency-Key: " + key_prefix_ + std::to_string(buyer + 1) + "\r\n";
    append_post(buyer, "/v1/sales/" + options_.sale + "/orders", key, body, bytes_);
    body_size = body.size();
  }
  first_.push_back({begin, bytes_.size() - begin - body_size});
}

Ask Script::first_ask(std::uint32_t buyer) const {
  return leaves_early_[buyer] ? Ask::entry : Ask::press;
}

Script::First Script::first(std::uint32_t buyer) const {
  const Slice& slice = first_[buyer];
  const std::size_t size = first_[buyer + 1].begin - slice.begin;
  return {std::string_view(bytes_).substr(slice.begin, size), slice.head_size};
}

void Script::write(Task task, std::string_view order, std::string& out) const {
  out.clear();
  std::string path = "/v1/orders/";
  path += order;
  switch (task.ask) {
    case Ask::entry:
    case Ask::press:
      out = first(task.buyer).bytes;
      return;
    case Ask::look:
      out.append("GET ").append(path).append(" HTTP/1.1\r\n").append(host_line_);
      append_credentials(task.buyer, out);
      out.append("\r\n");
      return;
    case Ask::pay:
      append_post(task.buyer, path + "/payment", {},
                  R"({"token":")" + std::string(token_of(task.buyer)) + "\"}", out);
      return;
    case Ask::begin:
      append_post(task.buyer, path + "/begin", {}, "{}", out);
      return;
    case Ask::confirm:
      append_post(task.buyer, path + "/confirm", {}, "{}", out);
      return;
    case Ask::release:
      append_post(task.buyer, path + "/release", {}, R"({"reason":"payment_failed"})", out);
      return;
  }
}

std::string Script::probe() const {
  std::string out = "GET /v1/sales/" + options_.sale + "/orders?limit=1 HTTP/1.1\r\n" + host_line_;
  const std::string name = options_.buyer_prefix + "0";  // the buyers who press count from 1
  const bool jwt = options_.credentials.kind == Credentials::Kind::jwt;
  append_credentials(name, jwt ? sign_token(options_.credentials, name, options_.sale) : "", out);
  return out + "\r\n";
}

std::string Script::stream_get(std::string_view last_event_id) const {
  std::string out = "GET /v1/sales/" + options_.sale + "/events HTTP/1.1\r\n" + host_line_ +
                    "Accept: text/event-stream\r\n";
  if (!last_event_id.empty()) out.append("Last-Event-ID: ").append(last_event_id).append("\r\n");
  return out + "\r\n";
}

}  // namespace dibs::load
