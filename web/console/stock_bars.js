// A bar for each item: available, held, sold. The words and figures stand under it; a pattern tells
// held from the others without colour.
import { el, fill, say } from './dom.js';
import { number } from './format.js';
import { t } from './words.js';

const PARTS = ['sold', 'held', 'available'];

function barOf(item) {
  const parts = PARTS.map((name) => el('span', { class: `part ${name}` }));
  const bar = el('div', { class: 'bar', role: 'img' }, parts);
  const counts = PARTS.map((name) => el('b'));
  const legend = el(
    'ul',
    { class: 'legend' },
    PARTS.map((name, i) =>
      el('li', {}, el('span', { class: `key ${name}`, 'aria-hidden': 'true' }), counts[i], ' ', t(`stock.${name}`)),
    ),
  );
  const total = el('span', { class: 'soft' });
  const waiting = el('span', { class: 'waiting' });
  const node = el(
    'div',
    { class: 'stock-item' },
    el(
      'div',
      { class: 'stock-head' },
      el('span', { class: 'name' }, item.title, ' ', el('span', { class: 'soft id' }, item.sku)),
      waiting,
      total,
    ),
    bar,
    legend,
  );
  return {
    node,
    update(now) {
      PARTS.forEach((name, i) => {
        parts[i].style.flexGrow = now[name];
        parts[i].classList.toggle('none', now[name] === 0);
        say(counts[i], number(now[name]));
      });
      say(total, t('stock.of', { total: number(now.total) }));
      say(waiting, now.waiting ? t('stock.waiting', { n: number(now.waiting) }) : '');
      bar.setAttribute('aria-label', t('stock.bar', now));
    },
  };
}

/** update(SALE) shows its items. */
export function stockBars() {
  const node = el('div', { class: 'stock' });
  let bars = [];
  let shape = '';
  return {
    node,
    update(sale) {
      const now = JSON.stringify(sale.items.map((item) => [item.sku, item.title]));
      if (now !== shape) {
        bars = sale.items.map(barOf);
        fill(
          node,
          bars.map((bar) => bar.node),
        );
        shape = now;
      }
      sale.items.forEach((item, i) => bars[i].update(item));
    },
  };
}
