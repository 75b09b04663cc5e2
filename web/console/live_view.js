// What goes on now, once a second: stock, line, rates, answer times, refusals, journal.
import { timeChart } from './charts.js';
import { el, fill, say } from './dom.js';
import { milliseconds, number, rate, span } from './format.js';
import { stockBars } from './stock_bars.js';
import { t, tOr } from './words.js';

const RATES = [
  { name: 'requests', label: t('live.series_requests'), colour: 'c-requests', dash: [4, 3] },
  { name: 'accepted', label: t('live.series_accepted'), colour: 'c-accepted' },
  { name: 'refused', label: t('live.series_refused'), colour: 'c-refused' },
];
const LATENCIES = [
  { name: 'p99', label: 'p99', colour: 'c-p99' },
  { name: 'p50', label: 'p50', colour: 'c-p50', dash: [4, 3] },
];

/** One figure with its name and what it means. `alarm` marks it as out of order, in words too. */
function tile(label) {
  const value = el('b');
  const note = el('span', { class: 'note' });
  const node = el('div', { class: 'tile' }, el('span', { class: 'label' }, label), value, note);
  return {
    node,
    set(text, more = '', alarm = false) {
      say(value, text);
      say(note, more);
      node.classList.toggle('alarm', alarm);
    },
  };
}

function holdOf(live, paused) {
  if (!live.oldest_hold) return ['–', t('live.hold_none'), false];
  const left = live.oldest_hold.ends_in_ms;
  if (paused) return [t('live.hold_paused'), '', false];
  if (left < -2_000) return [t('live.hold_late', { span: span(-left) }), '', true];
  return [t('live.hold_in', { span: span(Math.max(left, 0)) }), '', false];
}

/** How far the shop is told: whether all is well, or how much it has missed and why. */
function noticesOf(notices) {
  if (!notices) return ['–', t('live.notices_none'), false];
  if (!notices.behind_events) return [t('live.notices_well'), '', false];
  const behind = t('live.notices_behind', { n: number(notices.behind_events), span: span(notices.behind_ms) });
  return [behind, notices.last_error ?? '', notices.last_error !== null];
}

function setTiles(tiles, sale, live) {
  tiles.line.set(number(sale.waiting), t('live.line_note'));
  if (!live) return;
  const { server, buys } = live;
  tiles.requests.set(rate(server.requests_per_second), t('live.requests_note'));
  tiles.accepted.set(rate(buys.accepted_per_second), t('live.so_far', { n: number(buys.accepted) }));
  tiles.refused.set(rate(buys.refused_per_second), t('live.so_far', { n: number(buys.refused) }));
  tiles.p50.set(milliseconds(server.latency_ms.p50), t('live.latency_note'));
  tiles.p99.set(milliseconds(server.latency_ms.p99), t('live.latency_note'));
  tiles.hold.set(...holdOf(live, sale.state === 'paused'));
  const journal = server.journal;
  tiles.journal.set(
    t('live.journal_events', { n: number(journal.uncommitted_events) }),
    t('live.journal_note', { position: number(journal.position) }),
  );
  const ago = journal.last_commit_at && new Date(sale.server_time) - new Date(journal.last_commit_at);
  tiles.commit.set(
    ago === null ? '–' : t('live.commit_ago', { span: span(Math.max(ago, 0)) }),
    t('live.commit_note', {
      last: milliseconds(journal.last_commit_ms),
      slowest: milliseconds(journal.slowest_commit_ms),
    }),
    journal.uncommitted_events > 0 && ago > 2_000,
  );
  tiles.ledger.set(
    server.ledger ? t('live.ledger_events', { n: number(server.ledger.lag_events) }) : '–',
    server.ledger ? milliseconds(server.ledger.lag_ms) : t('live.ledger_none'),
  );
  tiles.notices.set(...noticesOf(live.notices));
  tiles.streams.set(number(server.streams), t('live.streams_note', { connections: number(server.connections) }));
  tiles.late.set(number(server.late_arrivals), t('live.late_note'), server.late_arrivals > 0);
}

const TILES = {
  line: 'live.line',
  requests: 'live.requests',
  accepted: 'live.accepted',
  refused: 'live.refused',
  p50: 'live.p50',
  p99: 'live.p99',
  hold: 'live.hold',
  journal: 'live.journal',
  commit: 'live.commit',
  ledger: 'live.ledger',
  notices: 'live.notices',
  streams: 'live.streams',
  late: 'live.late',
};

/** `{code: count}` as bars, the largest first. */
function refusalList(counts, empty) {
  const rows = Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1]);
  if (!rows.length) return el('p', { class: 'soft' }, empty);
  const all = rows.reduce((sum, [, n]) => sum + n, 0);
  return el(
    'ul',
    { class: 'counts' },
    rows.map(([code, n]) => {
      const bar = el('span', { class: 'fill', 'aria-hidden': 'true' });
      bar.style.inlineSize = `${(100 * n) / rows[0][1]}%`;
      return el(
        'li',
        {},
        el('span', { class: 'name' }, tOr(`code.${code}`, code), ' ', el('code', {}, code)),
        el('b', {}, number(n)),
        el('span', { class: 'soft share' }, t('live.share', { share: number((100 * n) / all, 1) })),
        bar,
      );
    }),
  );
}

/** What the server refused otherwise: the buys of this sale are told apart. */
function otherRefusals(live) {
  return Object.fromEntries(
    Object.entries(live.answers).map(([code, n]) => [code, n - (live.buys.refusals[code] ?? 0)]),
  );
}

function chartCard(title, series, canvas) {
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `${title}: ${series.map((one) => one.label).join(', ')}`);
  return el(
    'section',
    { class: 'card chart' },
    el(
      'div',
      { class: 'card-head' },
      el('h2', {}, title),
      el(
        'ul',
        { class: 'legend' },
        series.map((one) =>
          el(
            'li',
            {},
            el('span', { class: `line ${one.colour}${one.dash ? ' dash' : ''}`, 'aria-hidden': 'true' }),
            one.label,
          ),
        ),
      ),
    ),
    el('div', { class: 'canvas' }, canvas),
  );
}

export function liveView(feed, { mayChange }) {
  const stock = stockBars();
  const tiles = Object.fromEntries(Object.entries(TILES).map(([name, label]) => [name, tile(t(label))]));
  const shown = mayChange ? Object.values(tiles) : [tiles.line];
  const refusals = el('div');
  const others = el('div');
  const [rates, latencies] = [el('canvas'), el('canvas')];
  let charts = [];
  let lastRefusals = '';

  function update() {
    if (!feed.sale) return;
    stock.update(feed.sale);
    setTiles(tiles, feed.sale, feed.live);
    if (!feed.live) return;
    charts.forEach((chart) => chart.update(feed.points));
    const key = JSON.stringify([feed.live.buys.refusals, feed.live.answers]);
    if (key === lastRefusals) return;
    lastRefusals = key;
    fill(refusals, refusalList(feed.live.buys.refusals, t('live.refusals_none')));
    fill(others, refusalList(otherRefusals(feed.live), t('live.answers_none')));
  }
  feed.addEventListener('figures', update);

  const heading = el('h2', { tabindex: '-1', class: 'hidden' }, t('live.title'));
  const node = el(
    'div',
    { class: 'live' },
    heading,
    el('section', { class: 'card stock-card' }, el('h2', {}, t('stock.title')), stock.node),
    el(
      'section',
      { class: 'tiles', 'aria-label': t('live.title') },
      shown.map((one) => one.node),
    ),
    mayChange
      ? [
          chartCard(t('live.chart_rate'), RATES, rates),
          chartCard(t('live.chart_latency'), LATENCIES, latencies),
          el(
            'section',
            { class: 'card' },
            el('h2', {}, t('live.refusals')),
            el('p', { class: 'soft small' }, t('live.refusals_note')),
            refusals,
          ),
          el(
            'section',
            { class: 'card' },
            el('h2', {}, t('live.answers')),
            el('p', { class: 'soft small' }, t('live.answers_note')),
            others,
          ),
        ]
      : el('p', { class: 'soft' }, t('live.support')),
  );
  if (mayChange) {
    charts = [
      timeChart(rates, RATES, { format: (value) => number(value), topMin: 5, xLabel: t('live.chart_seconds') }),
      timeChart(latencies, LATENCIES, { format: (value) => milliseconds(value), xLabel: t('live.chart_seconds') }),
    ];
  }
  update();
  return {
    node,
    focus: () => heading.focus(),
    dispose() {
      feed.removeEventListener('figures', update);
      charts.forEach((chart) => chart.destroy());
    },
  };
}
