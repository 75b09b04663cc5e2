#include <concepts>

#include "base/ids.h"
#include "sale/sale.h"

/// Calls that must not compile. Each line here is a mistake that a plain integer or string would
/// have let through; the file compiles only while all of them are refused.
namespace dibs::sale {
namespace {

static_assert(!std::convertible_to<std::uint64_t, Arrival>);
static_assert(!std::convertible_to<Arrival, std::uint64_t>);
static_assert(!std::convertible_to<Arrival, Seq>);
static_assert(!std::constructible_from<Seq, Arrival>);
static_assert(!std::constructible_from<Place, Position>);
static_assert(!std::equality_comparable_with<Arrival, Seq>);

static_assert(!std::convertible_to<std::string, BuyerId>);
static_assert(!std::constructible_from<SkuId, SaleId>);
static_assert(!std::assignable_from<BuyerId&, IdempotencyKey>);
static_assert(!std::equality_comparable_with<IdempotencyKey, Reference>);

static_assert(!std::copyable<Sale>, "two copies of a sale would sell everything twice");
static_assert(std::movable<Sale>);

template <class T>
concept FindsOrderBy = requires(const Sale& sale, const T& name) { sale.find(name); };
static_assert(FindsOrderBy<OrderKey>);
static_assert(!FindsOrderBy<Arrival>);
static_assert(!FindsOrderBy<OrderId>, "an id of another sale must be looked at first");

}  // namespace
}  // namespace dibs::sale
