#include "api/put_request.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "webhook/target.h"

namespace dibs::api {
namespace {

using json::Document;
using json::Kind;
using json::ObjectReader;
using sale::PaymentMode;
using sale::Put;
using sale::SaleSpec;

constexpr std::int64_t kAttemptsMax = 100;
constexpr std::size_t kUrlCharsMax = 2'048;
constexpr const char* kIdRule = "1 to 64 of a-z A-Z 0-9 . _ -";

/// One line of 1 to kTitleChars characters. The parser has checked the UTF-8.
bool is_title(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const auto starts_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  };
  const auto characters = static_cast<std::uint64_t>(std::ranges::count_if(text, starts_character));
  return characters >= 1 && characters <= limits::kTitleChars &&
         std::ranges::none_of(text, is_control);
}
constexpr const char* kTitleRule = "1 to 200 characters without control characters";

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_web_url(std::string_view text) {
  const bool scheme = text.starts_with("https://") || text.starts_with("http://");
  return scheme && text.size() > std::string_view("https://").size() &&
         text.size() <= kUrlCharsMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}
bool is_notify_target(std::string_view text) { return webhook::parse_target(text).has_value(); }
constexpr const char* kUrlRule = "null or an http or https URL of at most 2048 characters";

/// Reads the members one after another into a Put.
struct PutReader {
  ObjectReader& members;
  const Document& document;
  json::Complaint& complaint;
  Put put{};

  void given(Put::Member member) { put.present |= member; }

  bool is_null(std::string_view name) {
    const auto* node = members.find(name);
    return node != nullptr && node->kind == Kind::null;
  }

  template <class T>
  void number(std::string_view name, Put::Member member, std::int64_t min, std::int64_t max,
              T& into) {
    const auto value = members.integer(name, min, max);
    if (!value) return;
    into = static_cast<T>(*value);
    given(member);
  }

  /// A moment, or null for none.
  void instant(std::string_view name, Put::Member member, std::optional<Instant>& into) {
    if (members.find(name) == nullptr) return;
    given(member);
    if (is_null(name)) return;
    const auto text = members.text(name);
    if (!text) return;
    into = parse_rfc3339(*text);
    if (!into) return members.note(name, "must be null or a time like 2026-12-01T11:00:00.000Z");
    // It is shown in milliseconds: what is shown could not be put back.
    if (*into != std::chrono::floor<std::chrono::milliseconds>(*into)) {
      members.note(name, "must not be finer than milliseconds");
    }
  }

  void url(std::string_view name, Put::Member member, std::optional<std::string>& into) {
    if (members.find(name) == nullptr) return;
    given(member);
    if (is_null(name)) return;
    if (const auto text = members.text(name, is_web_url, kUrlRule)) into = std::string(*text);
  }

  void notify() {
    const auto* node = members.find("notify");
    if (node == nullptr) return;
    given(Put::kNotify);
    if (node->kind == Kind::null) return;
    if (node->kind != Kind::object) {
      return members.note("notify",
                          R"(must be an object like {"url":"https://shop.example/dibs"})");
    }
    const auto index = static_cast<std::size_t>(node - document.nodes.data());
    ObjectReader target(document, index, "notify", complaint);
    target.require("url");
    if (const auto text = target.text("url", is_notify_target, webhook::kTargetRule)) {
      put.spec.notify_url = std::string(*text);
    }
    target.finish();
  }

  void choices() {
    if (const auto text = members.text("payment")) {
      given(Put::kPayment);
      if (*text == "provider") {
        put.spec.payment = PaymentMode::provider;
      } else if (*text == "shop") {
        put.spec.payment = PaymentMode::shop;
      } else if (*text == "none") {
        put.spec.payment = PaymentMode::none;
      } else {
        members.note("payment", "must be provider, shop or none");
      }
    }
    if (const auto text = members.text("public_stock")) {
      given(Put::kPublicStock);
      put.spec.public_stock_hidden = *text == "hidden";
      if (*text != "hidden" && *text != "exact") {
        members.note("public_stock", "must be exact or hidden");
      }
    }
    if (const auto value = members.boolean("test")) {
      given(Put::kTest);
      put.spec.test = *value;
    }
  }

  sale::ItemSpec item(std::size_t node, std::string path) {
    ObjectReader reader(document, node, std::move(path), complaint);
    for (const auto* name : {"sku", "title", "price", "stock"}) reader.require(name);
    sale::ItemSpec item;
    if (const auto sku = reader.text("sku", is_sale_or_sku_id, kIdRule)) {
      item.sku = SkuId(std::string(*sku));
    }
    if (const auto title = reader.text("title", is_title, kTitleRule)) {
      item.title = std::string(*title);
    }
    item.price = reader.integer("price", 0, limits::kPrice).value_or(0);
    item.stock = reader.integer("stock", 0, limits::kStock).value_or(0);
    reader.finish();
    return item;
  }

  void items() {
    const auto* list = members.find("items");
    if (list == nullptr) return;
    given(Put::kItems);
    const auto all =
        list->kind == Kind::array ? json::elements(document, *list) : std::vector<std::size_t>();
    if (all.empty() || all.size() > limits::kItemsPerSale) {
      return members.note("items", "must be a list of 1 to 256 items");
    }
    std::set<SkuId> seen;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string path = "items[" + std::to_string(i) + "]";
      put.spec.items.push_back(item(all[i], path));
      if (!seen.insert(put.spec.items.back().sku).second) {
        complaint.note(path + ".sku is there twice");
      }
    }
  }

  void all() {
    if (const auto title = members.text("title", is_title, kTitleRule)) {
      put.spec.title = std::string(*title);
      given(Put::kTitle);
    }
    if (const auto currency =
            members.text("currency", is_currency, "three letters of ISO 4217, for example KRW")) {
      put.spec.currency = std::string(*currency);
      given(Put::kCurrency);
    }
    items();
    instant("opens_at", Put::kOpensAt, put.spec.opens_at);
    instant("closes_at", Put::kClosesAt, put.spec.closes_at);
    auto& spec = put.spec;
    const auto seconds = limits::kHoldSecondsMax;
    number("hold_seconds", Put::kHoldSeconds, 1, seconds, spec.hold_seconds);
    number("payment_seconds", Put::kPaymentSeconds, 1, seconds, spec.payment_seconds);
    number("payment_attempts", Put::kPaymentAttempts, 1, kAttemptsMax, spec.payment_attempts);
    number("promotion_seconds", Put::kPromotionSeconds, 1, seconds, spec.promotion_seconds);
    number("limit_per_buyer", Put::kLimitPerBuyer, 1, limits::kStock, spec.limit_per_buyer);
    line_limit();
    url("checkout_url", Put::kCheckoutUrl, spec.checkout_url);
    notify();
    choices();
    members.finish();
  }

  void line_limit() {
    if (members.find("line_limit") == nullptr) return;
    given(Put::kLineLimit);
    if (is_null("line_limit")) return;  // the default
    const auto value =
        members.integer("line_limit", 0, static_cast<std::int64_t>(limits::kLineLimitMax));
    if (value) put.spec.line_limit = static_cast<std::uint64_t>(*value);
  }
};

/// What the sale would become, as far as members must fit together.
SaleSpec merged(const Put& put, const SaleSpec* now) {
  if (now == nullptr) return put.spec;
  SaleSpec spec = *now;
  if ((put.present & Put::kItems) != 0) spec.items = put.spec.items;
  if ((put.present & Put::kOpensAt) != 0) spec.opens_at = put.spec.opens_at;
  if ((put.present & Put::kClosesAt) != 0) spec.closes_at = put.spec.closes_at;
  if ((put.present & Put::kPayment) != 0) spec.payment = put.spec.payment;
  return spec;
}

void check_together(const Put& put, const SaleSpec* now, ServerHas has,
                    json::Complaint& complaint) {
  if (now == nullptr) {
    if ((put.present & Put::kTitle) == 0) complaint.note("title is missing");
    if ((put.present & Put::kCurrency) == 0) complaint.note("currency is missing");
    if ((put.present & Put::kItems) == 0) complaint.note("items is missing");
  }
  const SaleSpec spec = merged(put, now);
  if (spec.payment == PaymentMode::provider && !has.provider) {
    complaint.note(
        "payment is provider, but this server has none (start it with --payments); say shop or "
        "none");
  }
  if (put.spec.notify_url && !has.notify_secret) {
    complaint.note(
        "notify is given, but this server has no secret to sign notices with (set "
        "DIBS_NOTIFY_SECRET or --notify-secret-file); leave it out or say null");
  }
  const bool free_of_charge =
      std::ranges::all_of(spec.items, [](const auto& item) { return item.price == 0; });
  if (spec.payment == PaymentMode::none && !free_of_charge) {
    complaint.note("items[].price must be 0 when payment is none");
  }
  if (spec.opens_at && spec.closes_at && *spec.closes_at <= *spec.opens_at) {
    complaint.note("closes_at must be after opens_at");
  }
}

}  // namespace

sale::Put read_put(ObjectReader members, const Document& document, const SaleSpec* now,
                   ServerHas has, json::Complaint& complaint) {
  PutReader reader{.members = members, .document = document, .complaint = complaint};
  reader.all();
  check_together(reader.put, now, has, complaint);
  return std::move(reader.put);
}

}  // namespace dibs::api
