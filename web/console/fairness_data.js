// Who pressed in the first minute, and what became of each.
import { api } from './api.js';

const PAGE = 1_000;
export const MINUTE_MS = 60_000;
/** So many arrivals are read and drawn at most: ten thousand who press at once, twice over. */
export const ARRIVALS_MAX = 20_000;

/** The outcomes that the view tells apart, in the order of its lanes. */
export const GROUPS = ['won', 'gave', 'waiting', 'vain', 'refused', 'rule', 'early'];

async function pages(ask, list, { max = Infinity, until = () => false, progress } = {}) {
  const all = [];
  let after = 0;
  while (after !== null && all.length < max) {
    const page = await ask({ after, limit: PAGE });
    all.push(...page[list]);
    progress?.(all.length);
    if (page[list].length && until(all)) break;
    after = page.next_after;
  }
  return all;
}

function groupOf(arrival, order) {
  if (arrival.code === 'not_open') return 'early';
  if (arrival.code === 'sold_out') return 'refused';
  if (arrival.code !== 'ok') return 'rule';
  if (!order) return 'rule';
  if (['paid', 'held', 'paying'].includes(order.state)) return 'won';
  if (order.state === 'waiting') return 'waiting';
  if (order.state === 'released') return 'gave';
  return 'vain';
}

/** Where the minute begins: at the opening, or with the first press if nobody came in the minute after it. */
function beginningOf(sinceMs) {
  const first = sinceMs.find((ms) => ms >= 0);
  return first === undefined || first <= MINUTE_MS ? 0 : first;
}

/**
 * The arrivals of `sale` in its first minute, each with `sinceMs` (since the opening), `group` and its order.
 * Who pressed before the opening is there too, with a negative time. `beginMs`: where the minute begins.
 * `progress(N)` is told how many are read.
 */
export async function readArrivals(sale, { signal, progress }) {
  const opened = new Date(sale.opens_at).getTime();
  const since = (arrival) => new Date(arrival.received_at).getTime() - opened;
  let beginMs = 0;
  const arrivals = await pages((page) => api.arrivals(sale.id, page, signal), 'arrivals', {
    max: ARRIVALS_MAX,
    until: (all) => {
      beginMs = beginningOf(all.map(since));
      return since(all.at(-1)) > beginMs + MINUTE_MS;
    },
    progress,
  });
  const shown = arrivals.filter((arrival) => since(arrival) <= beginMs + MINUTE_MS).slice(0, ARRIVALS_MAX);
  const last = shown.at(-1)?.arrival ?? 0;
  const orders = await pages((page) => api.orders(sale.id, page, signal), 'orders', {
    until: (all) => all.at(-1).arrival > last,
  });
  const byId = new Map(orders.map((order) => [order.id, order]));
  return {
    capped: arrivals.length >= ARRIVALS_MAX,
    beginMs,
    rows: shown.map((arrival) => {
      const order = byId.get(arrival.order) ?? null;
      return { ...arrival, sinceMs: since(arrival), order, group: groupOf(arrival, order) };
    }),
  };
}

/** The last arrival that has a unit of each item, by SKU. */
function lastWinners(winners) {
  const last = new Map();
  for (const row of winners) for (const line of row.order.items) last.set(line.sku, row.arrival);
  return last;
}

/**
 * What can be said of all of them: the winners, and who came before the last winner of their item and
 * has no unit. What a refused request wanted is not recorded: in a sale of several items those who were
 * refused cannot be judged (`unjudged`).
 */
export function judge(rows, skus) {
  const winners = rows.filter((row) => row.group === 'won');
  const last = lastWinners(winners);
  const lastOf = (row) =>
    Math.max(0, ...(row.order ? row.order.items.map((line) => line.sku) : skus).map((sku) => last.get(sku) ?? 0));
  const judged = rows.filter(
    (row) => ['waiting', 'vain'].includes(row.group) || (row.group === 'refused' && skus.length === 1),
  );
  return {
    winners: winners.length,
    last: winners.at(-1)?.arrival ?? 0,
    passed: judged.filter((row) => row.arrival < lastOf(row)),
    unjudged: skus.length > 1 ? rows.filter((row) => row.group === 'refused').length : 0,
  };
}
