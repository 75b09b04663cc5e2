// Who is asking: by the session's cookie, or in the insecure demo by a name made up here.
import { call, NoAnswer } from '../shared/http.js';
import { randomText, read, write } from './storage.js';

const SESSION = 'dibs.session';
const DEMO_BUYER = 'dibs.demo-buyer';

export const isDemo = document.documentElement.dataset.mode === 'insecure-demo';

/** Takes `#token=…` out of the address, so that it is neither seen, nor kept in the history, nor passed on. */
function takeToken() {
  const match = /^#token=([^&]+)/.exec(location.hash);
  if (!match) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return decodeURIComponent(match[1]);
}

function demoBuyer() {
  // `?buyer=anna` makes this tab another buyer than its neighbour.
  const named = new URLSearchParams(location.search).get('buyer');
  if (named && /^[!-?A-~]{1,128}$/.test(named)) return named;
  const known = read(DEMO_BUYER);
  if (known) return known;
  const made = `demo-${randomText().slice(0, 8)}`;
  write(DEMO_BUYER, made);
  return made;
}

/**
 * The buyer of this page: `id` (null: none known), `headers` for its calls, and `byCookie`.
 * `failed`: there was a token and it was not taken.
 */
export async function findBuyer() {
  const token = takeToken();
  let failed = false;
  if (token) {
    try {
      const answer = await call('POST', '/v1/session', { body: { token } });
      if (answer.status === 200) write(SESSION, answer.body);
      failed = answer.status !== 200;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      failed = true;
    }
  }
  const session = read(SESSION);
  if (session && (!isDemo || token)) return { id: session.buyer, headers: {}, byCookie: true, failed };
  if (!isDemo) return { id: null, headers: {}, byCookie: true, failed };
  const id = demoBuyer();
  return { id, headers: { 'Dibs-Buyer': id }, byCookie: false, failed };
}

/** In the demo: the next page load is somebody else. */
export function becomeSomebodyElse() {
  write(DEMO_BUYER, null);
  location.assign(location.pathname);
}

export async function logOut() {
  await call('DELETE', '/v1/session');
  write(SESSION, null);
  location.reload();
}
