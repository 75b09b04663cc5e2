// The sale: its head, the countdown to its opening, and the form that buys.
import { $, isDisabled, make, setDisabled, setText, show } from '../shared/dom.js';
import { clockTime, dayAndTime, digits, money } from '../shared/format.js';

const BADGES = { scheduled: 'scheduled', open: 'open', paused: 'paused', closed: 'closed', soldOut: 'sold-out' };
const COUNTDOWN_MS = 24 * 3_600_000; // further away than a day the date says it better
const QUANTITY_MAX = 1_000;

export class SaleView {
  #words;
  #speaker;
  #items = ''; // what the list of items was made from
  #stocks = new Map(); // SKU to the element that says what is left
  #lastState = null;

  /** `press(items)` is called for a press that counts. */
  constructor(words, speaker, press) {
    this.#words = words;
    this.#speaker = speaker;
    $('buy').addEventListener('submit', (event) => {
      event.preventDefault();
      if (!isDisabled($('buy-button'))) press([{ sku: this.#chosen(), quantity: this.#quantity() }]);
    });
    $('fewer').addEventListener('click', () => this.#step(-1));
    $('more').addEventListener('click', () => this.#step(1));
  }

  render(model, now) {
    const { sale } = model;
    const state = model.saleState(now);
    setText($('title'), sale.title);
    setText($('badge'), this.#words.badge[state]);
    $('badge').className = `badge ${BADGES[state]}`;
    show($('badge'), true);
    show($('test-badge'), sale.test);
    setText($('when'), this.#when(model, state));
    this.#renderCountdown(model, state, now);
    this.#renderForm(model, state, now);
    if (this.#lastState === 'scheduled' && state === 'open') this.#speaker.shout(this.#words.sayOpen);
    this.#lastState = state;
  }

  renderUnknown() {
    setText($('title'), this.#words.unknownSale);
    setText($('when'), this.#words.unknownSaleText);
  }

  #when({ sale }, state) {
    const { language, opensAt, closesAt } = this.#words;
    if (state === 'scheduled') return opensAt({ time: dayAndTime(Date.parse(sale.opens_at), language) });
    if (sale.closes_at && state !== 'closed') return closesAt({ time: dayAndTime(Date.parse(sale.closes_at), language) });
    return '';
  }

  #renderCountdown(model, state, now) {
    const left = model.opensAt() - now;
    const visible = state === 'scheduled' && left < COUNTDOWN_MS;
    show($('countdown'), visible);
    if (!visible) return;
    setText($('countdown-label'), this.#words.countdownLabel);
    setText($('countdown-digits'), digits(left));
    setText($('countdown-hint'), this.#words.countdownHint);
    this.#speaker.countDown(`open:${model.opensAt()}`, left, this.#words.sayOpensIn);
  }

  #renderForm(model, state, now) {
    const does = model.button(now);
    const over = state === 'closed' || state === 'soldOut';
    show($('buy'), does !== 'none' || (over && model.order() === null && model.refusal() === null));
    this.#renderItems(model.sale);
    this.#renderQuantity(model);
    this.#renderTotal(model.sale);
    show($('buy-button'), !over);
    if (over) return setText($('buy-hint'), '');
    this.#renderButton(model, does);
  }

  #renderButton(model, does) {
    const words = this.#words;
    const time = clockTime(model.opensAt(), words.language);
    const label = { early: words.buttonEarly({ time }), arm: words.buttonArm({ time }), paused: words.buttonPaused };
    const noneLeft = model.sale.items.find((item) => item.sku === this.#chosen())?.available === 0;
    const open = noneLeft && model.sale.line_limit > 0 ? words.getInLine : words.buy;
    setText($('buy-button'), label[does] ?? open);
    // What there is already goes before one more.
    const again = model.order() !== null || model.refusal() !== null;
    setText($('choose'), again ? words.chooseAgain : words.choose);
    $('buy-button').classList.toggle('primary', !again);
    setDisabled($('buy-button'), does !== 'send' && does !== 'arm');
    const stranger = model.strangerFailed ? words.strangerFailed : words.stranger;
    const hint = { early: words.hintEarly, arm: words.hintArm, send: words.hintSend, stranger };
    setText($('buy-hint'), hint[does] ?? '');
  }

  #renderItems(sale) {
    const shape = JSON.stringify(sale.items.map(({ sku, title, price }) => [sku, title, price]));
    if (shape !== this.#items) {
      this.#items = shape;
      const before = this.#chosen();
      this.#stocks.clear();
      $('item-list').replaceChildren(...sale.items.map((item) => this.#choice(item, sale)));
      const kept = sale.items.some((item) => item.sku === before) ? before : sale.items[0].sku;
      for (const input of $('item-list').querySelectorAll('input')) input.checked = input.value === kept;
    }
    for (const item of sale.items) this.#renderStock(item, sale);
  }

  #choice(item, sale) {
    const input = make('input');
    Object.assign(input, { type: 'radio', name: 'sku', value: item.sku });
    const price = item.price === 0 ? this.#words.free : money(item.price, sale.currency, this.#words.language);
    const stock = make('span', 'stock figures');
    this.#stocks.set(item.sku, stock);
    const label = make('label', 'choice', [input, make('span', 'name', item.title), make('span', 'price figures', price), stock]);
    label.classList.toggle('single', sale.items.length === 1);
    return label;
  }

  #renderStock(item, sale) {
    const stock = this.#stocks.get(item.sku);
    const words = this.#words;
    let text = '';
    if (item.available > 0) text = words.left(item);
    else if (item.available === 0 && item.held === 0) text = words.itemGone;
    else if (item.available === 0) text = sale.line_limit > 0 ? words.allTaken({ unpaid: item.held }) : words.allTakenNoLine;
    setText(stock, text);
    stock.classList.toggle('none', item.available === 0);
    show(stock, text !== '');
  }

  #renderQuantity(model) {
    const most = Math.min(QUANTITY_MAX, Math.max(1, model.allowance()));
    show($('quantity-row'), most > 1);
    $('quantity').max = String(most);
    $('fewer').setAttribute('aria-label', this.#words.fewer);
    $('more').setAttribute('aria-label', this.#words.more);
    setDisabled($('fewer'), this.#quantity() <= 1);
    setDisabled($('more'), this.#quantity() >= most);
  }

  #renderTotal(sale) {
    const item = sale.items.find((one) => one.sku === this.#chosen()) ?? sale.items[0];
    setText($('total'), money(item.price * this.#quantity(), sale.currency, this.#words.language));
  }

  #step(by) {
    const { max } = $('quantity');
    $('quantity').value = String(Math.min(Number(max), Math.max(1, this.#quantity() + by)));
  }

  #chosen() {
    return $('item-list').querySelector('input:checked')?.value;
  }

  #quantity() {
    const typed = Math.floor(Number($('quantity').value));
    return Math.min(Number($('quantity').max) || 1, Math.max(1, typed || 1));
  }
}
