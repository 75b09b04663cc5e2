#!/usr/bin/env bash
# A shop's side of a sale with curl and its own SQL (docs/INTEGRATING.md). Every step is safe to repeat.
#   shop.sh take SALE SKU UNITS      out of the shop's stock
#   shop.sh open SALE SKU UNITS      the sale in Dibs
#   shop.sh buy SALE BUYER CART SKU  prints the order's id and state
#   shop.sh paid ORDER | failed ORDER
#   shop.sh close SALE | give-back SALE SKU | compare SALE SKU
# From the environment: DIBS (http://HOST:PORT), DIBS_OPERATOR, DIBS_SHOP_KEY, SHOP_DB, NOTIFY_URL
set -euo pipefail
operator=(-H "Authorization: Bearer $DIBS_OPERATOR")
shop=(-H "Authorization: Bearer $DIBS_SHOP_KEY")
call() { curl -sS --fail-with-body --retry 8 --retry-connrefused "$@"; }
sql() { sqlite3 -bail -cmd ".timeout 5000" "$SHOP_DB" "$1"; }
# The shop's row of a move is there, or is made together with what it does to the stock.
move() {
  local sale=$1 move=$2 sku=$3 units=$4 sign=$5
  [ -z "$(sql "SELECT units FROM sale_moves WHERE sale = '$sale' AND move = '$move'")" ] || return 0
  sql "BEGIN IMMEDIATE;
       INSERT INTO sale_moves (sale, move, units) VALUES ('$sale', '$move', $units);
       UPDATE products SET stock = stock - $sign * $units, in_sale = in_sale + $sign * $units WHERE sku = '$sku';
       COMMIT;"
}
figures() { call "$DIBS/v1/sales/$1" "${operator[@]}" | jq -r '.items[0] | "\(.available) \(.held) \(.sold)"'; }

case $1 in
  take) move "$2" taken "$3" "$4" 1 ;;
  open)
    call -X PUT "$DIBS/v1/sales/$2" "${operator[@]}" -o /dev/null -d '{"title": "'"$2"'", "currency": "KRW",
      "payment": "shop", "notify": {"url": "'"$NOTIFY_URL"'"},
      "items": [{"sku": "'"$3"'", "title": "'"$3"'", "price": 50000, "stock": '"$4"'}]}'
    ;;
  buy)  # the cart is the key: who presses twice has one order
    call -X POST "$DIBS/v1/sales/$2/orders" "${shop[@]}" -H "Dibs-Buyer: $3" -H "Idempotency-Key: $4" \
      -d '{"items": [{"sku": "'"$5"'", "quantity": 1}], "reference": "'"$4"'"}' | jq -r '"\(.id) \(.state)"'
    ;;
  paid)  # begin: the buyer pays now and keeps the units meanwhile; confirm: you have the money
    call -X POST "$DIBS/v1/orders/$2/begin" "${shop[@]}" -d '' -o /dev/null
    call -X POST "$DIBS/v1/orders/$2/confirm" "${shop[@]}" -d '' | jq -r .state
    ;;
  failed)  # the unit goes to the first who waits
    call -X POST "$DIBS/v1/orders/$2/begin" "${shop[@]}" -d '' -o /dev/null
    call -X POST "$DIBS/v1/orders/$2/release" "${shop[@]}" -d '{"reason": "payment_failed"}' | jq -r .state
    ;;
  close) call -X POST "$DIBS/v1/sales/$2/close" "${operator[@]}" -d '' | jq -r .state ;;
  give-back)
    read -r available held _ < <(figures "$2")
    [ "$held" = 0 ] || { echo "shop: $held units are still held; try again when their time is over" >&2; exit 1; }
    move "$2" given_back "$3" "$available" -1
    ;;
  compare)  # the shop's table and the sale, unit by unit
    read -r available held sold < <(figures "$2")
    own=$(sql "SELECT p.sold || ' ' || p.in_sale FROM products p WHERE p.sku = '$3'")
    back=$(sql "SELECT coalesce(sum(units), 0) FROM sale_moves WHERE sale = '$2' AND move = 'given_back'")
    [ "$own" = "$sold $((available + held - back))" ] || { echo "shop: own sold and in_sale $own, Dibs $sold $((available + held - back))" >&2; exit 1; }
    echo "equal: sold $sold, in the sale $((available + held - back)), given back $back"
    ;;
  *) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac
