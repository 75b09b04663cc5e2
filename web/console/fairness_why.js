// Why somebody got what they got, in one sentence.
import { milliseconds, number, span } from './format.js';
import { t, tOr } from './words.js';

function before(ms) {
  return ms < 60_000 ? milliseconds(ms) : span(ms);
}

export function whyOf({ code, order, sinceMs }) {
  if (code === 'not_open') return t('why.not_open', { span: before(Math.max(1, -sinceMs)) });
  if (code !== 'ok') return tOr(`why.${code}`, code);
  if (!order) return '';
  switch (order.state) {
    case 'waiting':
      return t('why.waiting', { position: number(order.position) });
    case 'released':
      return t(`why.${order.reason}`);
    case 'sold_out':
      return t('why.vain_sold_out');
    case 'closed':
      return t('why.vain_closed');
    default:
      return t(`why.${order.state}`);
  }
}
