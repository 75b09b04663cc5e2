// The first minute: who came when, who got a unit, and why the others did not. As dots and as a table.
import { button, el, fill, say } from './dom.js';
import { SHAPES, fairnessChart } from './fairness_chart.js';
import { ARRIVALS_MAX, GROUPS, judge, readArrivals } from './fairness_data.js';
import { whyOf } from './fairness_why.js';
import { exactMoment, number } from './format.js';
import { t } from './words.js';

const ROWS = 100;
const RANGES = ['all', 'winners', 1, 10, 60];

function pressed(label, act) {
  return el('button', { type: 'button', class: 'choice', 'aria-pressed': 'false', onclick: act }, label);
}
function mark(buttons, chosen) {
  buttons.forEach((one, i) => one.setAttribute('aria-pressed', String(i === chosen)));
}

/**
 * The part that is drawn, in seconds, with a little air: `all`, up to the last winner, or the first so many
 * seconds from `beginMs` on.
 */
function rangeOf(rows, range, beginMs, lastWinner) {
  const begin = beginMs / 1_000;
  if (Number.isInteger(range)) return { from: begin - 0.02 * range, to: begin + range };
  const top = range === 'winners' && lastWinner ? Math.ceil(lastWinner * 1.1) + 2 : undefined;
  const shown = top ? rows.filter((row) => row.arrival <= top) : rows;
  const low = shown.reduce((least, row) => Math.min(least, row.sinceMs / 1_000), Infinity);
  const high = shown.reduce((most, row) => Math.max(most, row.sinceMs / 1_000), low + 0.004);
  const air = (high - low) * 0.03;
  return { from: low - air, to: high + air, top };
}

function tableRow(row) {
  return el(
    'tr',
    { id: `arrival-${row.arrival}`, tabindex: '-1' },
    el('th', { scope: 'row', class: 'num' }, number(row.arrival)),
    el('td', { class: 'num', 'data-label': t('fair.since') }, `${(row.sinceMs / 1_000).toFixed(3)} s`),
    el('td', { 'data-label': t('orders.buyer') }, row.buyer),
    el(
      'td',
      { 'data-label': t('fair.outcome') },
      el('span', { class: `dot-key ${row.group} ${SHAPES[row.group]}`, 'aria-hidden': 'true' }),
      t(`group.${row.group}`),
    ),
    el('td', { 'data-label': t('fair.why') }, whyOf(row)),
    el('td', { 'data-label': t('fair.received') }, exactMoment(row.received_at)),
  );
}

/** The rows of a filter, a hundred at a time. */
function arrivalsTable() {
  const body = el('tbody');
  const range = el('p', { class: 'soft', role: 'status' });
  const older = el('button', { type: 'button', class: 'quiet', onclick: () => show(from - ROWS) }, t('fair.older'));
  const newer = el('button', { type: 'button', class: 'quiet', onclick: () => show(from + ROWS) }, t('fair.newer'));
  const columns = [
    ['orders.arrival', true],
    ['fair.since', true],
    ['orders.buyer'],
    ['fair.outcome'],
    ['fair.why'],
    ['fair.received'],
  ];
  let rows = [];
  let from = 0;
  function show(first) {
    from = Math.max(0, Math.min(first, Math.floor(Math.max(0, rows.length - 1) / ROWS) * ROWS));
    const some = rows.slice(from, from + ROWS);
    fill(body, some.map(tableRow));
    say(
      range,
      rows.length
        ? t('fair.rows', { from: number(from + 1), to: number(from + some.length), all: number(rows.length) })
        : t('fair.none'),
    );
    older.hidden = from === 0;
    newer.hidden = from + ROWS >= rows.length;
  }
  return {
    node: el(
      'div',
      {},
      range,
      el(
        'div',
        { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': t('fair.table') },
        el(
          'table',
          { class: 'stacking' },
          el('caption', { class: 'hidden' }, t('fair.table')),
          el(
            'thead',
            {},
            el(
              'tr',
              {},
              columns.map(([name, num]) => el('th', { scope: 'col', class: num ? 'num' : '' }, t(name))),
            ),
          ),
          body,
        ),
      ),
      el('div', { class: 'actions pages' }, older, newer),
    ),
    set(all) {
      rows = all;
      show(0);
    },
    /** Shows the row of an arrival and goes there. */
    reveal(arrival) {
      const index = rows.findIndex((row) => row.arrival === arrival);
      if (index < 0) return;
      show(Math.floor(index / ROWS) * ROWS);
      document.getElementById(`arrival-${arrival}`)?.focus();
    },
  };
}

export function fairnessView(feed) {
  const heading = el('h2', { tabindex: '-1' }, t('fair.title'));
  const status = el('p', { role: 'status' });
  const verdict = el('div', { class: 'verdict' });
  const canvas = el('canvas', { role: 'img' });
  const table = arrivalsTable();
  const legend = el('ul', { class: 'legend groups' });
  const filter = el(
    'select',
    { id: 'fair-filter', onchange: () => table.set(chosenRows()) },
    el('option', { value: '' }, t('fair.all')),
    GROUPS.map((group) => el('option', { value: group }, t(`group.${group}`))),
  );
  const result = el('div', { hidden: true });
  const aborter = new AbortController();
  let rows = [];
  let beginMs = 0;
  let lastWinner = 0;
  let view = { range: 'all', byOutcome: false };

  const chosenRows = () => (filter.value ? rows.filter((row) => row.group === filter.value) : rows);
  const chart = fairnessChart(canvas, (row) => {
    filter.value = '';
    table.set(rows);
    table.reveal(row.arrival);
  });
  const draw = () => chart.draw(rows, { ...view, ...rangeOf(rows, view.range, beginMs, lastWinner) });

  const ranges = RANGES.map((range, i) =>
    pressed(Number.isInteger(range) ? t('fair.first', { span: `${range} s` }) : t(`fair.range_${range}`), () => {
      view = { ...view, range };
      mark(ranges, i);
      draw();
    }),
  );
  const axes = ['fair.by_arrival', 'fair.by_outcome'].map((label, i) =>
    pressed(t(label), () => {
      view = { ...view, byOutcome: i === 1 };
      mark(axes, i);
      draw();
    }),
  );
  mark(ranges, 0);
  mark(axes, 0);

  function tell(capped) {
    const { winners, last, passed, unjudged } = judge(
      rows,
      feed.sale.items.map((item) => item.sku),
    );
    lastWinner = last;
    const sentences = [
      winners
        ? t('fair.winners', { n: number(winners), all: number(rows.length), last: number(last) })
        : t('fair.no_winner'),
    ];
    if (winners) sentences.push(passed.length ? t('fair.passed', { n: number(passed.length) }) : t('fair.passed_none'));
    if (winners && unjudged) sentences.push(t('fair.unjudged', { n: number(unjudged) }));
    if (capped) sentences.push(t('fair.capped', { n: number(ARRIVALS_MAX) }));
    fill(
      verdict,
      sentences.map((text) => el('p', {}, text)),
    );
    verdict.classList.toggle('look', passed.length > 0);
    canvas.setAttribute('aria-label', `${t('fair.chart', { axis: t('fair.by_arrival') })}. ${sentences.join(' ')}`);
    fill(
      legend,
      GROUPS.map((group) => {
        const n = rows.filter((row) => row.group === group).length;
        return (
          n > 0 &&
          el(
            'li',
            {},
            el('span', { class: `dot-key ${group} ${SHAPES[group]}`, 'aria-hidden': 'true' }),
            `${t(`group.${group}`)} `,
            el('b', {}, number(n)),
          )
        );
      }),
    );
  }

  async function read() {
    result.hidden = true;
    say(status, t('fair.loading', { n: 0 }));
    try {
      const found = await readArrivals(feed.sale, {
        signal: aborter.signal,
        progress: (n) => say(status, t('fair.loading', { n: number(n) })),
      });
      ({ rows, beginMs } = found);
      say(status, rows.length ? '' : t('fair.none'));
      if (!rows.length) return;
      result.hidden = false;
      tell(found.capped);
      draw();
      table.set(chosenRows());
    } catch (refusal) {
      if (refusal.name !== 'AbortError') say(status, t('failed', { why: refusal.message }));
    }
  }
  const begin = () => {
    if (!feed.sale) return;
    feed.removeEventListener('figures', begin);
    read();
  };
  feed.addEventListener('figures', begin);
  begin();

  fill(
    result,
    verdict,
    el(
      'section',
      { class: 'card' },
      el(
        'div',
        { class: 'card-head wrap' },
        el('div', { class: 'choices', role: 'group', 'aria-label': t('fair.range') }, ranges),
        el('div', { class: 'choices', role: 'group', 'aria-label': t('fair.axis') }, axes),
      ),
      legend,
      el('div', { class: 'canvas tall' }, canvas),
    ),
    el(
      'section',
      { class: 'card' },
      el(
        'div',
        { class: 'card-head wrap' },
        el('h3', {}, t('fair.table')),
        el('div', { class: 'inline' }, el('label', { for: filter.id }, t('fair.filter')), filter),
      ),
      table.node,
    ),
  );
  return {
    node: el(
      'div',
      {},
      el('div', { class: 'head' }, heading, button(t('fair.reload'), read, { class: 'quiet' })),
      el('p', { class: 'soft' }, t('fair.lead')),
      status,
      result,
    ),
    focus: () => heading.focus(),
    dispose() {
      aborter.abort();
      feed.removeEventListener('figures', begin);
      chart.destroy();
    },
  };
}
