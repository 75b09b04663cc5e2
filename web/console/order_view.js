// One order: what it is now, and all that happened to it, from its events.
import { api } from './api.js';
import { orderBadge } from './badges.js';
import { confirm, toast } from './confirm.js';
import { button, el, fill } from './dom.js';
import { exactMoment, moment, money, number, shortId } from './format.js';
import { t, tOr } from './words.js';

/** What an event says beside its type, in words. */
function detailOf({ data }) {
  return [
    data.items?.map((line) => `${number(line.quantity)} × ${line.sku}`).join(', '),
    data.attempt && t('event.attempt', { n: number(data.attempt) }),
    data.reason && tOr(`reason.${data.reason}`, data.reason),
    data.money && `${t('orders.money')}: ${tOr(`money.${data.money}`, data.money)}`,
    data.expires_at && t('event.until', { time: moment(data.expires_at) }),
  ]
    .filter(Boolean)
    .join(' · ');
}

function timeline(events) {
  return el(
    'ol',
    { class: 'timeline' },
    events.map((event) =>
      el(
        'li',
        {},
        el('time', { datetime: event.at }, exactMoment(event.at)),
        el(
          'div',
          {},
          el('b', {}, tOr(`event.${event.type}`, event.type)),
          event.actor && el('span', { class: 'soft' }, ` ${t('event.by', { actor: event.actor })}`),
          el('p', {}, detailOf(event)),
          el('p', { class: 'soft small' }, el('code', {}, event.type), ` seq ${number(event.seq)}`),
        ),
      ),
    ),
  );
}

function facts(order) {
  const rows = [
    ['orders.state', orderBadge(order)],
    ['orders.arrival', number(order.arrival)],
    order.position && ['orders.position', number(order.position)],
    ['orders.buyer', order.buyer],
    ['orders.reference', order.reference ?? '–'],
    [
      'orders.items',
      order.items
        .map((line) => `${number(line.quantity)} × ${line.sku} (${money(line.price, order.currency)})`)
        .join(', '),
    ],
    ['orders.amount', money(order.amount, order.currency)],
    ['orders.money', t(`money.${order.money}`)],
    ['orders.created', exactMoment(order.created_at)],
    order.expires_at && ['orders.until', exactMoment(order.expires_at)],
    ['order.id', el('code', { class: 'break' }, order.id)],
  ].filter(Boolean);
  return el(
    'dl',
    { class: 'facts' },
    rows.map(([name, value]) => [el('dt', {}, t(name)), el('dd', {}, value)]),
  );
}

export function orderView(sale, id, { mayChange }) {
  const heading = el('h2', { tabindex: '-1' }, t('order.title', { id: shortId(id) }));
  const body = el('div', { class: 'columns' }, el('p', { class: 'soft' }, t('loading')));
  const actions = el('div', { class: 'actions' });

  async function refund(order) {
    const restock = el('input', { type: 'checkbox', id: 'refund-restock' });
    const done = await confirm({
      title: t('refund.title'),
      verb: t('refund.do'),
      danger: true,
      text: t('refund.text', { amount: money(order.amount, order.currency), buyer: order.buyer }),
      body: el('p', { class: 'check' }, restock, el('label', { for: restock.id }, t('refund.restock'))),
      act: () => api.refund(order.id, restock.checked),
    });
    if (!done) return;
    toast(t('done.refund'));
    await load();
  }

  async function load() {
    try {
      const [order, events] = await Promise.all([api.order(id), api.history(id)]);
      const refundable = mayChange && order.state === 'paid' && order.money === 'captured';
      fill(
        actions,
        refundable &&
          el('button', { type: 'button', class: 'danger', onclick: () => refund(order) }, t('order.refund')),
        button(
          t('order.copy'),
          async () => {
            await navigator.clipboard.writeText(order.id);
            toast(t('order.copied'));
          },
          { class: 'quiet' },
        ),
      );
      fill(
        body,
        el('section', { class: 'card' }, el('h3', {}, t('order.facts')), facts(order)),
        el('section', { class: 'card' }, el('h3', {}, t('order.history')), timeline(events)),
      );
    } catch (refusal) {
      fill(body, el('p', { class: 'notice bad', role: 'alert' }, refusal.message));
    }
  }
  load();

  return {
    node: el(
      'div',
      {},
      el(
        'p',
        {},
        el('a', { class: 'back', href: `#/sales/${encodeURIComponent(sale)}/orders` }, `← ${t('order.back')}`),
      ),
      el('div', { class: 'head' }, heading, actions),
      body,
    ),
    focus: () => heading.focus(),
    dispose: () => {},
  };
}
