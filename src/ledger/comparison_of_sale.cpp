#include "ledger/comparison_of_sale.h"

#include <algorithm>
#include <utility>

namespace dibs::ledger {
namespace {

constexpr std::size_t kDifferencesKept = 100;
constexpr std::size_t kPage = 10'000;

/// Collects what differs of one thing, each as "figure is A in the store and B in the ledger".
class Pairs {
 public:
  void compare(std::string_view what, std::string_view store, std::string_view ledger) {
    if (store == ledger) return;
    if (!words_.empty()) words_ += ", ";
    words_.append(what).append(" is ").append(store.empty() ? "empty" : store);
    words_.append(" in the store and ").append(ledger.empty() ? "empty" : ledger);
    words_ += " in the ledger";
  }
  void compare(std::string_view what, std::int64_t store, std::int64_t ledger) {
    compare(what, std::to_string(store), std::to_string(ledger));
  }
  [[nodiscard]] const std::string& words() const { return words_; }

 private:
  std::string words_;
};

std::string words_of(const std::vector<sale::OrderLine>& lines) {
  std::string words;
  for (const sale::OrderLine& line : lines) {
    if (!words.empty()) words += " + ";
    words += std::to_string(line.quantity) + " x " + line.sku.value() + " at " +
             std::to_string(line.price);
  }
  return words;
}

std::string name_of_arrival(Arrival arrival) {
  return "the order of arrival " + std::to_string(arrival.value());
}

std::string difference_of(const sale::OrderView& store, const Tables::ReadOrder& ledger) {
  Pairs pairs;
  pairs.compare("state", sale::to_text(store.state), ledger.state);
  pairs.compare("money", sale::to_text(store.money), ledger.money);
  pairs.compare("reason", sale::to_text(store.reason), ledger.reason);
  pairs.compare("id", to_text(store.id), ledger.id);
  pairs.compare("buyer", store.buyer.view(), ledger.buyer);
  pairs.compare("reference", store.reference.view(), ledger.reference);
  pairs.compare("what it wants", words_of(store.lines), words_of(ledger.lines));
  pairs.compare("amount", store.amount, ledger.amount);
  pairs.compare("created_at", to_rfc3339(store.created_at), ledger.created_at);
  pairs.compare("the last event", static_cast<std::int64_t>(store.seq.value()),
                static_cast<std::int64_t>(ledger.seq.value()));
  return pairs.words();
}

/// Reads the ledger's orders of one sale page by page.
class OrderPages {
 public:
  OrderPages(Tables& tables, SaleId sale) : tables_(tables), sale_(std::move(sale)) {}

  /// The next order; null at the end.
  Result<const Tables::ReadOrder*> peek() {
    if (next_ == page_.size() && !ended_) {
      auto page = tables_.orders(sale_, after_, kPage);
      if (!page) return std::unexpected(page.error());
      page_ = std::move(*page);
      next_ = 0;
      ended_ = page_.size() < kPage;
      if (!page_.empty()) after_ = page_.back().arrival;
    }
    return next_ < page_.size() ? &page_[next_] : nullptr;
  }
  void pass() { ++next_; }

 private:
  Tables& tables_;
  SaleId sale_;
  Arrival after_;
  std::vector<Tables::ReadOrder> page_;
  std::size_t next_ = 0;
  bool ended_ = false;
};

void compare_item(const SaleId& id, const sale::ItemSpec& spec, const sale::ItemView& view,
                  const ItemRow& row, Differences& differences) {
  Pairs pairs;
  pairs.compare("sku", spec.sku.view(), row.sku.view());
  pairs.compare("title", spec.title, row.title);
  pairs.compare("price", spec.price, row.price);
  pairs.compare("total", view.total, row.total);
  pairs.compare("available", view.available, row.available);
  pairs.compare("held", view.held, row.held);
  pairs.compare("sold", view.sold, row.sold);
  if (pairs.words().empty()) return;
  differences.add(id, "item " + spec.sku.value() + ": " + pairs.words());
}

}  // namespace

void Differences::add(const SaleId& sale, std::string words) {
  ++found;
  if (kept.size() < kDifferencesKept) kept.push_back({sale, std::move(words)});
}

void compare_sale(const SaleId& id, const std::optional<sale::SaleView>& view,
                  std::string_view state, const SaleFold& rows, Differences& differences) {
  if (!rows.sale()) return differences.add(id, "the ledger has no row of the sale");
  const SaleRow& row = *rows.sale();
  if (state.empty()) state = sale::to_text(view->state);
  Pairs pairs;
  pairs.compare("state", state, row.state);
  if (view) {
    pairs.compare("title", view->spec->title, row.title);
    pairs.compare("currency", view->spec->currency, row.currency);
    pairs.compare("test", view->spec->test ? 1 : 0, row.test ? 1 : 0);
  }
  if (!pairs.words().empty()) differences.add(id, pairs.words());

  const std::size_t items = view ? view->items.size() : 0;
  if (items != rows.items().size()) {
    differences.add(id, std::to_string(items) + " items in the store and " +
                            std::to_string(rows.items().size()) + " in the ledger");
    return;
  }
  for (std::size_t i = 0; i < items; ++i) {
    compare_item(id, view->spec->items[i], view->items[i], rows.items()[i], differences);
  }
}

Result<std::uint64_t> compare_orders(const SaleId& id, const sale::Sale& sale, Tables& tables,
                                     Differences& differences) {
  OrderPages ledger(tables, id);
  std::uint64_t count = 0;
  const auto only_ledger_before = [&](std::optional<Arrival> arrival) -> Result<void> {
    while (true) {
      const auto other = ledger.peek();
      if (!other) return std::unexpected(other.error());
      if (*other == nullptr || (arrival && (*other)->arrival >= *arrival)) return {};
      differences.add(id, name_of_arrival((*other)->arrival) + " is in the ledger only");
      ledger.pass();
    }
  };
  sale::Sale::OrderFilter filter;
  filter.limit = kPage;
  while (sale.exists()) {
    const auto page = sale.orders(filter);
    for (const sale::OrderView& order : page) {
      ++count;
      if (auto done = only_ledger_before(order.arrival); !done) {
        return std::unexpected(done.error());
      }
      const auto other = ledger.peek();
      if (!other) return std::unexpected(other.error());
      if (*other == nullptr || (*other)->arrival != order.arrival) {
        differences.add(id, name_of_arrival(order.arrival) + " is in the store only");
        continue;
      }
      const std::string words = difference_of(order, **other);
      if (!words.empty()) differences.add(id, name_of_arrival(order.arrival) + ": " + words);
      ledger.pass();
    }
    if (page.size() < filter.limit) break;
    filter.after = page.back().arrival;
  }
  if (auto done = only_ledger_before(std::nullopt); !done) return std::unexpected(done.error());
  return count;
}

}  // namespace dibs::ledger
