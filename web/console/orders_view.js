// A sale's orders, by page, filtered by the server.
import { api } from './api.js';
import { orderBadge } from './badges.js';
import { toast } from './confirm.js';
import { downloadCsv } from './csv.js';
import { button, el, field, fill, say } from './dom.js';
import { exactMoment, moment, money, number, shortId } from './format.js';
import { t } from './words.js';

const STATES = ['waiting', 'held', 'paying', 'paid', 'released', 'sold_out', 'closed'];
const PAGE = 50;
const COLUMNS = ['arrival', 'state', 'buyer', 'reference', 'items', 'amount', 'money', 'created', 'until'];
const NUMBERS = new Set(['arrival', 'amount']);

const itemsOf = (order) => order.items.map((line) => `${number(line.quantity)} × ${line.sku}`).join(', ');

function row(sale, order) {
  const cell = (name, ...content) =>
    el('td', { class: NUMBERS.has(name) ? 'num' : '', 'data-label': t(`orders.${name}`) }, content);
  const place = order.position
    ? el('span', { class: 'soft' }, ` ${t('orders.position')} ${number(order.position)}`)
    : null;
  return el(
    'tr',
    {},
    el(
      'th',
      { scope: 'row', class: 'num' },
      el(
        'a',
        {
          href: `#/sales/${encodeURIComponent(sale)}/orders/${encodeURIComponent(order.id)}`,
          title: order.id,
          'aria-label': `${t('orders.arrival')} ${number(order.arrival)}, ${t('orders.order')} ${shortId(order.id)}`,
        },
        number(order.arrival),
      ),
    ),
    cell('state', orderBadge(order), place),
    cell('buyer', order.buyer),
    cell('reference', order.reference ?? '–'),
    cell('items', itemsOf(order)),
    cell('amount', money(order.amount, order.currency)),
    cell('money', t(`money.${order.money}`)),
    cell(
      'created',
      el('time', { datetime: order.created_at, title: exactMoment(order.created_at) }, moment(order.created_at)),
    ),
    cell('until', moment(order.expires_at)),
  );
}

function table(sale, orders) {
  return el(
    'div',
    { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': t('orders.table') },
    el(
      'table',
      { class: 'stacking orders' },
      el('caption', { class: 'hidden' }, t('orders.table')),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          COLUMNS.map((name) => el('th', { scope: 'col', class: NUMBERS.has(name) ? 'num' : '' }, t(`orders.${name}`))),
        ),
      ),
      el(
        'tbody',
        {},
        orders.map((order) => row(sale, order)),
      ),
    ),
  );
}

export function ordersView(sale) {
  const state = el(
    'select',
    { name: 'state' },
    el('option', { value: '' }, t('orders.any')),
    STATES.map((name) => el('option', { value: name }, t(`order.${name}`))),
  );
  const buyer = el('input', { name: 'buyer', autocomplete: 'off', spellcheck: 'false' });
  const reference = el('input', { name: 'reference', autocomplete: 'off', spellcheck: 'false' });
  const list = el('div', {}, el('p', { class: 'soft' }, t('loading')));
  const summary = el('p', { class: 'soft', role: 'status' });
  const heading = el('h2', { tabindex: '-1' }, t('orders.title'));
  const wrong = el('p', { class: 'notice bad', role: 'alert', hidden: true });
  let filter = {};
  let asked = new AbortController();

  async function show(after) {
    asked.abort();
    asked = new AbortController();
    try {
      const page = await api.orders(sale, { ...filter, after, limit: PAGE }, asked.signal);
      wrong.hidden = true;
      fill(list, page.orders.length ? table(sale, page.orders) : el('p', { class: 'card empty' }, t('orders.none')));
      say(
        summary,
        page.orders.length
          ? t('orders.range', {
              n: number(page.orders.length),
              from: number(page.orders[0].arrival),
              to: number(page.orders.at(-1).arrival),
            })
          : '',
      );
      first.hidden = after === undefined;
      next.hidden = page.next_after === null;
      next.onclick = () => show(page.next_after).then(() => heading.focus());
    } catch (refusal) {
      if (refusal.name === 'AbortError') return;
      say(wrong, refusal.message);
      wrong.hidden = false;
    }
  }

  const first = el(
    'button',
    { type: 'button', class: 'quiet', hidden: true, onclick: () => show().then(() => heading.focus()) },
    t('orders.first'),
  );
  const next = el('button', { type: 'button', class: 'quiet', hidden: true }, t('orders.next'));
  const csv = button(
    t('orders.csv'),
    async (node) => {
      try {
        const rows = await downloadCsv(sale, 'orders', filter, (n) =>
          say(node, t('orders.csv_progress', { n: number(n) })),
        );
        toast(t('orders.csv_done', { n: number(rows) }));
      } catch (refusal) {
        toast(t('failed', { why: refusal.message }), 'bad');
      } finally {
        say(node, t('orders.csv'));
      }
    },
    { class: 'quiet' },
  );

  const form = el(
    'form',
    {
      class: 'filter',
      onsubmit: (event) => {
        event.preventDefault();
        filter = { state: state.value, buyer: buyer.value.trim(), reference: reference.value.trim() };
        show();
      },
      onreset: () => {
        filter = {};
        setTimeout(() => show());
      },
    },
    field(t('orders.state'), state).node,
    field(t('orders.buyer'), buyer).node,
    field(t('orders.reference'), reference).node,
    el(
      'div',
      { class: 'actions' },
      el('button', { type: 'submit', class: 'primary' }, t('orders.filter')),
      el('button', { type: 'reset', class: 'quiet' }, t('orders.clear')),
      csv,
    ),
  );
  state.addEventListener('change', () => form.requestSubmit());
  show();

  return {
    node: el('div', {}, heading, form, wrong, summary, list, el('div', { class: 'actions pages' }, first, next)),
    focus: () => heading.focus(),
    dispose: () => asked.abort(),
  };
}
