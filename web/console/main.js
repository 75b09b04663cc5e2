// Where the console begins: who is logged in, which view the address names, and what stands above it.
import { api, session } from './api.js';
import { button, el, fill, say } from './dom.js';
import { clock, zone } from './format.js';
import { salesView } from './sales_view.js';
import { saleFrame } from './sale_frame.js';
import { saleForm } from './sale_form.js';
import { sessionView } from './session_view.js';
import { applyTheme, themePicker } from './theme.js';
import { choose, language, t } from './words.js';

const root = document.getElementById('console');
let who = null;
let view = null;
let endTimer;
/** The sale that is looked at: it keeps its figures while its views change. */
let frame = null;

/** `#/sales/ID/TAB/REST` in parts. */
function route() {
  return location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent);
}

function leaveSale() {
  frame?.dispose();
  frame = null;
}

function show(next, { keepFocus = false } = {}) {
  if (view !== next) view?.dispose();
  view = next;
  document.title = `${next.title} · Dibs`;
  const old = document.getElementById('content');
  if (old !== next.node) old.replaceWith(next.node);
  if (!keepFocus) next.focus?.();
}

function languagePicker() {
  const select = el(
    'select',
    {
      'aria-label': t('top.language'),
      onchange: () => {
        choose(select.value);
        location.reload();
      },
    },
    el('option', { value: 'en' }, 'English'),
    el('option', { value: 'ko' }, '한국어'),
  );
  select.value = language();
  return select;
}

/** The bar above every view: the way home, the time, who is logged in. */
function topBar() {
  const now = el('span', { class: 'clock' });
  const tick = () => say(now, `${clock(new Date())} ${zone()}`);
  tick();
  setInterval(tick, 1_000);
  const role = t(`role.${who.role}`);
  return el(
    'header',
    { class: 'top' },
    el(
      'a',
      {
        class: 'skip',
        href: '#content',
        onclick: (event) => {
          event.preventDefault();
          document.getElementById('content').querySelector('h1, h2')?.focus();
        },
      },
      t('skip'),
    ),
    el('a', { class: 'brand', href: '#/' }, t('brand')),
    now,
    el(
      'div',
      { class: 'who' },
      el('span', { class: 'name' }, who.name ? `${who.name}, ${role}` : role),
      languagePicker(),
      themePicker(),
      button(t('top.logout'), logOut, { class: 'quiet' }),
    ),
  );
}

async function logOut() {
  await api.logOut().catch(() => {});
  askForToken();
}

function askForToken(notice) {
  leaveSale();
  view?.dispose();
  who = null;
  document.documentElement.lang = language();
  view = sessionView((someone) => enter(someone), notice);
  document.title = `${view.title} · Dibs`;
  fill(root, view.node);
  view.focus();
}

/** A live stream goes on when its session has ended: the page must notice by itself. */
function watchEnd() {
  clearTimeout(endTimer);
  if (who.ends_at)
    endTimer = setTimeout(() => api.whoAmI().catch(askAgain), new Date(who.ends_at) - Date.now() + 1_000);
}

function askAgain(refusal) {
  if (refusal.status === 401 && who) askForToken(t('login.ended'));
}

function enter(someone) {
  who = someone;
  watchEnd();
  document.documentElement.lang = language();
  fill(root, topBar(), el('main', { id: 'content' }));
  go();
}

/** Shows what the address names. */
function go() {
  if (!who) return;
  const [first, sale, ...rest] = route();
  const mayChange = who.role === 'operator';
  if (first === 'sales' && sale) {
    if (frame?.sale !== sale) {
      leaveSale();
      frame = saleFrame(sale, { mayChange });
    }
    frame.open(rest);
    return show(frame);
  }
  leaveSale();
  if (first === 'new' && mayChange) return show(saleForm({ mayChange }));
  show(salesView({ mayChange }));
}

session.addEventListener('ended', () => {
  if (who) askForToken(t('login.ended'));
});
addEventListener('hashchange', go);

async function begin() {
  applyTheme();
  try {
    enter(await api.whoAmI());
  } catch (refusal) {
    if (refusal.status === 401) return askForToken();
    fill(
      root,
      el(
        'main',
        { class: 'narrow card', id: 'content' },
        el('h1', {}, t('brand')),
        el('p', { role: 'alert' }, t('unreachable')),
        button(t('retry'), begin, { class: 'primary' }),
      ),
    );
  }
}
begin();
