// One sale: its name, state and what may be done with it, above the views of it.
import { badgesOf } from './badges.js';
import { el, fill, say } from './dom.js';
import { fairnessView } from './fairness_view.js';
import { moment, span } from './format.js';
import { LiveFeed } from './live_feed.js';
import { liveView } from './live_view.js';
import { orderView } from './order_view.js';
import { ordersView } from './orders_view.js';
import { saleActions } from './sale_actions.js';
import { saleForm } from './sale_form.js';
import { t } from './words.js';

const TABS = ['live', 'orders', 'fairness', 'settings'];
const STALE_MS = 3_500;

function timesOf(sale) {
  const left = new Date(sale.opens_at) - new Date(sale.server_time);
  const opening =
    sale.state !== 'scheduled'
      ? t('sale.opened_at', { time: moment(sale.opens_at) })
      : left > 86_400_000
        ? t('sale.opens_at', { time: moment(sale.opens_at) })
        : t('sale.opens_in', { span: span(left) });
  return [
    opening,
    sale.closes_at && t('sale.closes_at', { time: moment(sale.closes_at) }),
    t('sale.durability', { name: sale.durability }),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** The views of sale `sale`; open(REST) shows the one that the address names. */
export function saleFrame(sale, { mayChange }) {
  const feed = new LiveFeed(sale, { mayChange });
  const heading = el('h1', { tabindex: '-1' }, sale);
  const badges = el('span', { class: 'badges' });
  const times = el('p', { class: 'soft times' });
  const problem = el('p', { class: 'notice bad', role: 'status', hidden: true });
  const actions = saleActions(feed, { mayChange });
  const tabs = el('nav', { class: 'tabs', 'aria-label': t('sale.tabs') });
  const content = el('div', { class: 'view' });
  let current = null;
  let lastBadges = '';

  function update() {
    const now = feed.sale;
    if (feed.refusal?.status === 404) {
      say(problem, t('sale.unknown', { sale }));
      problem.hidden = false;
      return;
    }
    if (!now) return;
    say(heading, now.title);
    document.title = `${now.title} · Dibs`;
    say(times, timesOf(now));
    const key = `${now.state} ${now.sold_out} ${now.test}`;
    if (key !== lastBadges) fill(badges, badgesOf(now));
    lastBadges = key;
    actions.update(now);
  }
  feed.addEventListener('figures', update);

  /** Old figures must never pass for new ones. */
  const watch = setInterval(() => {
    if (feed.refusal?.status === 404) return;
    const age = performance.now() - feed.heardAt;
    problem.hidden = age < STALE_MS;
    frame.node.classList.toggle('stale', age >= STALE_MS);
    if (age >= STALE_MS) say(problem, t('live.stale', { seconds: Math.floor(age / 1_000) }));
  }, 1_000);

  function viewOf(tab, rest) {
    if (tab === 'orders' && rest.length) return orderView(sale, rest[0], { mayChange });
    if (tab === 'orders') return ordersView(sale);
    if (tab === 'fairness') return fairnessView(feed);
    if (tab === 'settings') return saleForm({ feed, mayChange });
    return liveView(feed, { mayChange });
  }

  const frame = {
    sale,
    title: sale,
    node: el(
      'main',
      { id: 'content', class: 'sale' },
      el(
        'div',
        { class: 'head' },
        el('div', { class: 'name' }, el('div', { class: 'title' }, heading, badges), times),
        actions.node,
      ),
      problem,
      tabs,
      content,
    ),
    open([tab = 'live', ...rest]) {
      const shown = TABS.includes(tab) ? tab : 'live';
      fill(
        tabs,
        TABS.map((name) =>
          el(
            'a',
            {
              href: `#/sales/${encodeURIComponent(sale)}/${name}`,
              'aria-current': name === shown && !rest.length ? 'page' : false,
              class: name === shown ? 'current' : '',
            },
            t(`tab.${name}`),
          ),
        ),
      );
      current?.dispose();
      current = viewOf(shown, rest);
      fill(content, current.node);
      update();
    },
    focus() {
      (current?.focus ?? (() => heading.focus()))();
    },
    dispose() {
      clearInterval(watch);
      current?.dispose();
      feed.close();
    },
  };
  return frame;
}
