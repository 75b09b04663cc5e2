// All sales with their states and figures; for support, the way to one of them.
import { api } from './api.js';
import { badgesOf } from './badges.js';
import { button, el, field, fill, say } from './dom.js';
import { clock, moment, number } from './format.js';
import { t } from './words.js';

const EVERY_MS = 2_000;
/** Ten thousand sales are some 10 MB: with many, the list is asked for less often, and shown in part. */
const PER_SALE_MS = 5;
const ROWS = 200;
const SEARCH_FROM = 12;

const hrefOf = (sale) => `#/sales/${encodeURIComponent(sale)}`;
const sum = (sale, figure) => sale.items.reduce((all, item) => all + item[figure], 0);
const RANK = { open: 0, paused: 1, scheduled: 2, closed: 3 };

/** What sells or is about to comes first; of the rest the newest. */
function inOrder(sales) {
  return [...sales].sort(
    (a, b) =>
      RANK[a.state] - RANK[b.state] ||
      (a.state === 'scheduled' ? a.opens_at.localeCompare(b.opens_at) : b.opens_at.localeCompare(a.opens_at)),
  );
}

function row(sale) {
  const figure = (value, label) => el('td', { class: 'num', 'data-label': t(label) }, number(value));
  return el(
    'tr',
    {},
    el(
      'th',
      { scope: 'row' },
      el('a', { href: hrefOf(sale.id) }, sale.title),
      el('span', { class: 'soft id' }, sale.id),
    ),
    el('td', { 'data-label': t('sales.state') }, el('span', { class: 'badges' }, badgesOf(sale))),
    el('td', { 'data-label': t('sales.opens') }, moment(sale.opens_at)),
    figure(sum(sale, 'available'), 'sales.available'),
    figure(sum(sale, 'held'), 'sales.held'),
    figure(sum(sale, 'sold'), 'sales.sold'),
    figure(sale.waiting, 'sales.waiting'),
  );
}

function table(sales) {
  const head = ['sale', 'state', 'opens', 'available', 'held', 'sold', 'waiting'];
  return el(
    'table',
    { class: 'stacking' },
    el('caption', { class: 'hidden' }, t('sales.title')),
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        head.map((name, i) => el('th', { scope: 'col', class: i > 2 ? 'num' : '' }, t(`sales.${name}`))),
      ),
    ),
    el('tbody', {}, sales.map(row)),
  );
}

/** Support may not list sales: it names the one it looks at. */
function byId() {
  const input = el('input', { name: 'sale', required: true, spellcheck: 'false', autocapitalize: 'off' });
  const sale = field(t('sales.by_id'), input, { hint: t('sales.by_id_hint') });
  return el(
    'form',
    {
      class: 'card',
      onsubmit: (event) => {
        event.preventDefault();
        if (input.value.trim()) location.hash = hrefOf(input.value.trim());
      },
    },
    sale.node,
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'primary' }, t('sales.look'))),
  );
}

export function salesView({ mayChange }) {
  const heading = el('h1', { tabindex: '-1' }, t('sales.title'));
  const list = el('div', {}, mayChange ? el('p', { class: 'soft' }, t('loading')) : byId());
  const updated = el('span');
  const count = el('span', { role: 'status' });
  const problem = el('p', { class: 'notice bad', role: 'alert', hidden: true });
  const search = el('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', oninput: () => show() });
  const searchField = field(t('sales.search'), search);
  searchField.node.hidden = true;
  let timer = 0;
  let sales = [];
  let shown = '';

  /** The rows that fit; they stay while nothing changes, and with them the reader's place. */
  function show() {
    const wanted = search.value.trim().toLowerCase();
    const fitting = sales.filter((sale) => `${sale.title} ${sale.id}`.toLowerCase().includes(wanted));
    const rows = inOrder(fitting).slice(0, ROWS);
    searchField.node.hidden = sales.length < SEARCH_FROM;
    say(
      count,
      rows.length < sales.length ? t('sales.part', { n: number(rows.length), all: number(sales.length) }) : '',
    );
    const news = JSON.stringify(rows.map(({ server_time, ...rest }) => rest));
    if (news === shown) return;
    shown = news;
    const focused = document.activeElement?.closest('#content a')?.getAttribute('href');
    fill(list, rows.length ? table(rows) : el('p', { class: 'card empty' }, t('sales.none')));
    if (focused) list.querySelector(`a[href="${focused}"]`)?.focus();
  }

  async function refresh() {
    try {
      sales = await api.sales();
      problem.hidden = true;
      show();
      say(updated, t('sales.updated', { time: clock(new Date()) }));
    } catch (refusal) {
      say(problem, refusal.status ? refusal.message : t('unreachable'));
      problem.hidden = false;
    }
    if (timer !== null) timer = setTimeout(refresh, Math.max(EVERY_MS, sales.length * PER_SALE_MS));
  }
  if (mayChange) refresh();

  return {
    title: t('sales.title'),
    node: el(
      'main',
      { id: 'content' },
      el(
        'div',
        { class: 'head' },
        heading,
        mayChange &&
          button(
            t('sales.new'),
            () => {
              location.hash = '#/new';
            },
            { class: 'primary' },
          ),
      ),
      problem,
      searchField.node,
      list,
      el('p', { class: 'soft small foot' }, updated, ' ', count),
    ),
    focus: () => heading.focus(),
    dispose: () => {
      clearTimeout(timer);
      timer = null;
    },
  };
}
