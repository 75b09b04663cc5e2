// What the page knows, and what follows from it. No calls, no DOM.

const RANK = { held: 0, paying: 0, waiting: 1 };
export const isLive = (order) => order.state in RANK;
/** Units that count against the limit: those of live orders and those that were bought and kept. */
const counts = (order) => isLive(order) || (order.state === 'paid' && order.money !== 'refunded' && order.money !== 'refund_due');
const unitsOf = (order) => order.items.reduce((sum, item) => sum + item.quantity, 0);

/** A press within this time before the opening is kept and sent at the opening. */
export const ARM_MS = 10_000;

export class Model {
  sale = null;
  /** The answer to "is there such a sale" was no. */
  unknownSale = false;
  orders = new Map();
  ordersKnown = false;
  /** False once the server has said that it does not know who asks. */
  signedIn = true;
  contact = true;
  press = null;
  /** Why the press has no answer yet: 'sending', 'checking', 'busy' or null. */
  waitReason = null;
  /** What the page is doing with an order: 'paying', 'leaving' or null; and with no answer to it. */
  working = null;
  workingUnknown = false;
  /** What to say about the order that its state does not: 'declined', 'payAgain', 'stillYours' or null. */
  remark = null;
  chosenId = null;

  /** Whether the page can say what it is about: the sale, and what the visitor has in it already. */
  loaded() {
    return this.unknownSale || (this.sale !== null && (this.ordersKnown || !this.signedIn));
  }

  setSale(sale) {
    if (!this.sale || sale.seq >= this.sale.seq) this.sale = sale;
  }

  /** Takes an order unless a newer state of it is known. Whether anything changed. */
  setOrder(order) {
    const old = this.orders.get(order.id);
    if (old && old.seq > order.seq) return false;
    if (old?.state === 'paying' && order.state === 'held') this.remark = 'declined';
    else if (old && old.state !== order.state) this.remark = null;
    this.orders.set(order.id, order);
    return !old || JSON.stringify(old) !== JSON.stringify(order);
  }

  /** An event of the stream. */
  hear(event, data) {
    if (event === 'order') return this.setOrder(data);
    if (!this.sale) return false;
    if (event === 'state') {
      const { state, sold_out, opens_at, closes_at } = data;
      this.sale = { ...this.sale, state, sold_out, opens_at, closes_at };
    }
    const change = event === 'stock' ? (({ available, held, sold }) => ({ available, held, sold, total: available + held + sold }))(data)
      : event === 'line' ? { waiting: data.waiting } : null;
    if (change) {
      const items = this.sale.items.map((item) => (item.sku === data.sku ? { ...item, ...change } : item));
      this.sale = { ...this.sale, items };
    }
    return true;
  }

  /** The order to show: the one that was asked for, else the most urgent, else the last. */
  order() {
    const chosen = this.orders.get(this.chosenId);
    if (chosen) return chosen;
    const all = [...this.orders.values()];
    const before = (a, b) => (RANK[a.state] ?? 2) - (RANK[b.state] ?? 2)
      || (isLive(a) ? (a.expires_at ?? '').localeCompare(b.expires_at ?? '') : b.arrival - a.arrival);
    return all.sort(before)[0] ?? null;
  }

  others() {
    const shown = this.order();
    return [...this.orders.values()].filter((one) => one !== shown).sort((a, b) => a.arrival - b.arrival);
  }

  pressing() {
    return this.press?.status === 'armed' || this.press?.status === 'sent';
  }

  /** The refusal that was the answer to the last press; an order that came later outdates it. */
  refusal() {
    if (this.press?.status !== 'refused') return null;
    const { refusal } = this.press;
    // What the sale or the login was in the way of is over.
    const open = this.sale?.state === 'open';
    if (open && (refusal.code === 'paused' || refusal.code === 'not_open')) return null;
    if (refusal.code === 'unauthenticated' && this.signedIn && this.ordersKnown) return null;
    const later = [...this.orders.values()].some((one) => one.arrival > (refusal.arrival ?? Infinity) || isLive(one));
    return later ? null : refusal;
  }

  opensAt() {
    return this.sale?.opens_at ? Date.parse(this.sale.opens_at) : null;
  }

  /** The state of the sale at `now`: it opens by the clock, whether or not the news is here. */
  saleState(now) {
    if (!this.sale) return null;
    if (this.sale.state === 'scheduled' && now >= this.opensAt()) return 'open';
    if (this.sale.state === 'open' && this.sale.sold_out) return 'soldOut';
    return this.sale.state;
  }

  /** How many units more the buyer may have. */
  allowance() {
    const used = [...this.orders.values()].filter(counts).reduce((sum, one) => sum + unitsOf(one), 0);
    return Math.max(0, (this.sale?.limit_per_buyer ?? 0) - used);
  }

  /** What a press of the button would do at `now`: 'send', 'arm', or why it does nothing. */
  button(now) {
    const state = this.saleState(now);
    if (state === null || this.pressing()) return 'none';
    if (state === 'closed' || state === 'soldOut') return 'none';
    if (!this.signedIn) return 'stranger';
    if (!this.ordersKnown) return 'unknown';
    if ([...this.orders.values()].some(isLive) || this.allowance() === 0) return 'none';
    if (state === 'paused') return 'paused';
    if (state === 'open') return 'send';
    return this.opensAt() - now <= ARM_MS ? 'arm' : 'early';
  }
}
