// Small marks that say a state: always a word and a shape, the colour only helps.
import { el } from './dom.js';
import { t } from './words.js';

export function stateBadge(sale) {
  return el(
    'span',
    { class: `badge state-${sale.state}` },
    el('span', { class: 'mark', 'aria-hidden': 'true' }),
    t(`state.${sale.state}`),
  );
}

export function badgesOf(sale) {
  return [
    stateBadge(sale),
    sale.sold_out && el('span', { class: 'badge sold-out' }, t('sold_out')),
    sale.test && el('span', { class: 'badge test' }, t('test')),
  ];
}

export function orderBadge(order) {
  const reason = order.reason ? `: ${t(`reason.${order.reason}`)}` : '';
  return el(
    'span',
    { class: `badge order-${order.state}` },
    el('span', { class: 'mark', 'aria-hidden': 'true' }),
    t(`order.${order.state}`) + reason,
  );
}
