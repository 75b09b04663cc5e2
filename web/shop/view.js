// The whole page, drawn anew from the model whenever it or the second changes.
import { $, setText, show } from '../shared/dom.js';
import { clockTime } from '../shared/format.js';
import { OrderView } from './order_view.js';
import { PressView } from './press_view.js';
import { SaleView } from './sale_view.js';
import { Speaker } from './speaker.js';
import { otherLanguageAddress } from './words.js';

/** The cards of which one tells how things stand, with what takes the focus when it appears. */
const CARDS = [['press', 'press-title'], ['refusal', 'refusal-title'], ['order', 'order-title']];

export class View {
  #words;
  #sale;
  #press;
  #order;
  #speaker = new Speaker();
  #card = null;
  #title = '';

  constructor(words, buyer, demo, actions) {
    this.#words = words;
    for (const element of document.querySelectorAll('[data-word]')) setText(element, words[element.dataset.word]);
    this.#sale = new SaleView(words, this.#speaker, actions.press);
    this.#press = new PressView(words, this.#speaker, actions.disarm);
    this.#order = new OrderView(words, this.#speaker, demo, actions);
    this.#renderFrame(buyer, demo, actions);
  }

  render(model, now) {
    document.querySelector('main').setAttribute('aria-busy', String(!model.loaded()));
    show($('trouble'), !model.contact);
    setText($('trouble-text'), model.contact ? '' : this.#words.noContact);
    setText($('clock'), clockTime(now, this.#words.language));
    if (model.unknownSale) return this.#sale.renderUnknown();
    if (!model.sale) return;
    this.#sale.render(model, now);
    this.#press.render(model);
    this.#order.render(model, now);
    this.#moveFocus(model);
    this.#renderTitle(model);
  }

  #renderFrame(buyer, demo, actions) {
    setText($('demo-buyer'), demo && buyer.id ? this.#words.demoBuyer({ buyer: buyer.id }) : '');
    show($('demo-other'), demo && !buyer.byCookie);
    $('demo-other').addEventListener('click', actions.becomeSomebodyElse);
    show($('log-out'), buyer.byCookie && buyer.id !== null);
    $('log-out').addEventListener('click', actions.logOut);
    const { otherLanguage, otherLanguageName } = this.#words;
    setText($('other-language'), otherLanguageName);
    $('other-language').lang = otherLanguage;
    $('other-language').href = otherLanguageAddress(otherLanguage);
  }

  /** The card that has appeared takes the focus from what has gone, and from nothing else. */
  #moveFocus(model) {
    const card = CARDS.find(([id]) => !$(id).hidden) ?? null;
    if (card === this.#card) return;
    this.#card = card;
    const focused = document.activeElement;
    const lost = focused === null || focused === document.body || !focused.checkVisibility?.();
    if (card && lost && model.pressed) $(card[1]).focus();
  }

  /** A tab in the background says how things stand too. */
  #renderTitle(model) {
    const shown = CARDS.find(([id]) => !$(id).hidden);
    const counting = !$('order').hidden && !$('order-digits').hidden ? $('order-digits')
      : !$('countdown').hidden ? $('countdown-digits') : null;
    const state = counting?.textContent ?? (shown ? $(shown[1]).textContent : '');
    const title = state ? `${state} · ${model.sale.title}` : model.sale.title;
    if (title === this.#title) return;
    this.#title = title;
    document.title = title;
  }
}
