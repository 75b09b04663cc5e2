// The order that the buyer has: its place in line, the time to pay, the payment, the end; and the others.
import { $, isDisabled, make, setDisabled, setText, show, webAddress } from '../shared/dom.js';
import { clockTime, digits, money, shortDayAndTime } from '../shared/format.js';
import { estimate } from './estimate.js';

const TEST_CARDS = ['tok_ok', 'tok_fail', 'tok_late'];
const MARKS = { waiting: 'wait', held: 'warn', paying: 'wait', paid: 'good' };

export class OrderView {
  #words;
  #speaker;
  #said = '';
  #demo;

  /** `actions`: `pay(order, token)`, `leave(order)`, `choose(id)`. `demo`: its provider is a sandbox. */
  constructor(words, speaker, demo, actions) {
    this.#words = words;
    this.#speaker = speaker;
    this.#demo = demo;
    $('card-list').append(...TEST_CARDS.map((token, i) => this.#card(token, i === 0)));
    $('pay').addEventListener('submit', (event) => {
      event.preventDefault();
      const token = $('card-list').querySelector('input:checked').value;
      if (!isDisabled($('pay-button'))) actions.pay(token);
    });
    $('leave').addEventListener('click', () => {
      if (!isDisabled($('leave'))) actions.leave();
    });
    $('other-list').addEventListener('click', (event) => {
      const id = event.target.closest('button')?.dataset.order;
      if (id) actions.choose(id);
    });
  }

  render(model, now) {
    const order = model.order();
    const visible = order !== null && !model.pressing() && model.refusal() === null;
    show($('order'), visible);
    this.#renderOthers(model);
    if (!visible) return;
    setText($('order-mark'), this.#words.state[order.state]);
    $('order-mark').className = `mark ${MARKS[order.state] ?? ''}`;
    const { title, text } = this.#say(order, model, now);
    setText($('order-title'), title);
    setText($('order-text'), text);
    this.#renderDigits(order, model, now);
    this.#renderEstimate(order, model);
    this.#renderPayment(order, model);
    this.#renderLeave(order, model);
    this.#renderFacts(order, model.sale);
    this.#announce(order, model, title);
  }

  /** Title and text of an order's state. */
  #say(order, model, now) {
    const words = this.#words;
    const paused = model.saleState(now) === 'paused';
    const { position, arrival } = order;
    const remark = model.remark ? words[model.remark] : null;
    switch (order.state) {
      case 'waiting':
        return { title: words.waitingTitle({ position }), text: remark ?? (paused ? words.waitingPaused : words.waitingText) };
      case 'held': {
        const time = clockTime(Date.parse(order.expires_at), words.language);
        const text = paused ? words.heldPaused : model.saleState(now) === 'closed' ? words.heldClosed : words.heldText;
        return { title: words.heldTitle({ time }), text: remark ?? text };
      }
      case 'paying':
        return { title: words.payingTitle, text: remark ?? words.payingText };
      case 'paid': {
        const money = { refund_due: words.refundDue, refunded: words.refunded }[order.money];
        return { title: words.paidTitle, text: money ?? words.paidText };
      }
      case 'released': {
        const money = { refund_due: words.refundDue, refunded: words.refunded }[order.money];
        return { title: words.releasedTitle[order.reason], text: money ?? words.releasedText[order.reason] };
      }
      case 'sold_out': {
        const last = model.sale?.last_winner_arrival ?? null;
        return { title: words.lineSoldOutTitle, text: words.lineSoldOutText({ arrival, last }) };
      }
      default:
        return { title: words.lineClosedTitle, text: words.lineClosedText({ arrival }) };
    }
  }

  #renderDigits(order, model, now) {
    const counts = order.state === 'held' && model.saleState(now) !== 'paused';
    show($('order-digits'), counts);
    if (!counts) return;
    const left = Date.parse(order.expires_at) - now;
    setText($('order-digits'), digits(left));
    this.#speaker.countDown(`hold:${order.id}:${order.expires_at}`, left, this.#words.sayLeft);
  }

  #renderEstimate(order, model) {
    show($('order-estimate'), order.state === 'waiting');
    if (order.state !== 'waiting') return;
    const worth = estimate(order, model.sale);
    const words = this.#words;
    const said = { none: words.estimateNone, unlikely: words.estimateUnlikely, possible: words.estimatePossible };
    setText($('order-estimate'), worth ? said[worth.chance](worth) : words.estimateHidden);
    $('order-estimate').className = `note ${worth?.chance ?? ''}`;
    this.#speaker.position(order.position, words.sayPosition);
  }

  #renderPayment(order, model) {
    const { sale } = model;
    const held = order.state === 'held';
    const sandbox = sale.payment === 'provider' && (sale.test || this.#demo);
    const amount = money(order.amount, order.currency, this.#words.language);
    show($('pay'), held && sandbox);
    const busy = model.working !== null;
    setText($('pay-button'), model.workingUnknown ? this.#words.payUnknown
      : model.working === 'paying' ? this.#words.payingNow : this.#words.pay({ amount }));
    setDisabled($('pay-button'), busy);

    const elsewhere = held && !sandbox;
    const checkout = webAddress(sale.checkout_url?.replaceAll('{order}', encodeURIComponent(order.id)) ?? '');
    show($('checkout'), elsewhere && checkout !== null);
    show($('checkout-hint'), elsewhere);
    if (!elsewhere) return;
    setText($('checkout-hint'), checkout ? this.#words.checkoutHint : this.#words.checkoutShop);
    if (!checkout) return;
    $('checkout').href = checkout.href;
    setText($('checkout'), this.#words.checkout({ amount, host: checkout.host }));
  }

  #renderLeave(order, model) {
    const may = ['waiting', 'held', 'paying'].includes(order.state);
    show($('leave'), may);
    const words = this.#words;
    setText($('leave'), model.working === 'leaving' ? words.leaving : order.state === 'waiting' ? words.leaveLine : words.giveBack);
    setDisabled($('leave'), model.working !== null && order.state !== 'paying');
  }

  #renderFacts(order, sale) {
    const words = this.#words;
    const { language } = words;
    const titles = new Map(sale.items.map((item) => [item.sku, item.title]));
    const items = order.items.map(({ sku, quantity }) => `${titles.get(sku) ?? sku} × ${quantity}`).join(', ');
    const rows = [
      [words.factItems, items], [words.factAmount, money(order.amount, order.currency, language)],
      [words.factTime, shortDayAndTime(Date.parse(order.created_at), language)],
      [words.factArrival, order.arrival.toLocaleString(language)], [words.factOrder, order.id],
    ];
    const shape = JSON.stringify(rows);
    if ($('order-facts').dataset.shape === shape) return;
    $('order-facts').dataset.shape = shape;
    $('order-facts').replaceChildren(...rows.flatMap(([name, value]) => [
      make('dt', '', name), make('dd', value === order.id ? 'id' : 'figures', value)]));
  }

  #renderOthers(model) {
    const others = model.others();
    show($('others'), others.length > 0);
    const { language, state } = this.#words;
    const rows = others.map((order) => [order.id, state[order.state], money(order.amount, order.currency, language)]);
    const shape = JSON.stringify(rows);
    if ($('other-list').dataset.shape === shape) return;
    $('other-list').dataset.shape = shape;
    $('other-list').replaceChildren(...rows.map(([id, name, amount]) => {
      const button = make('button', '', [make('span', '', name), make('span', 'figures', amount)]);
      button.type = 'button';
      button.dataset.order = id;
      return make('li', '', [button]);
    }));
  }

  /** Each new state is told at once; a deadline or a position that moves is not one. */
  #announce(order, model, title) {
    const now = `${order.id}:${order.state}:${model.remark ?? ''}`;
    if (now === this.#said) return;
    const first = this.#said === '';
    this.#said = now;
    if (!first || model.pressed) this.#speaker.shout(model.remark ? this.#words[model.remark] : title);
  }

  #card(token, checked) {
    const input = make('input');
    Object.assign(input, { type: 'radio', name: 'card', value: token, checked });
    return make('label', 'choice', [input, make('span', 'name', this.#words.cards[token]), make('span', 'soft small', token)]);
  }
}
