// What a place in line is worth, said honestly: facts first, no promise, no invented odds.

/**
 * `{unpaid, needed, chance}` of a waiting order: how many units of its items are reserved and not yet
 * paid, how many of them would have to come back, and whether that is `none` (not even if all came
 * back), `unlikely` (more than half of them would have to) or `possible`. Null where the sale hides
 * its stock. Of several items the worst counts. People ahead are taken to want one unit each.
 */
export function estimate(order, sale) {
  const ahead = order.position - 1;
  let worst = null;
  for (const { sku, quantity } of order.items) {
    const item = sale.items.find((one) => one.sku === sku);
    if (item?.held === undefined) return null;
    const unpaid = item.held + item.available;
    const needed = ahead + quantity;
    const share = unpaid === 0 ? Infinity : needed / unpaid;
    const chance = share > 1 ? 'none' : share > 0.5 ? 'unlikely' : 'possible';
    if (worst === null || share > worst.share) worst = { unpaid, needed, share, chance };
  }
  return worst;
}
