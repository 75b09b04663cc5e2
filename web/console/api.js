// Calls to the server. The browser adds the session's cookie and our Origin by itself.

/** What the server refused, in its own words (RFC 9457). */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? '';
    this.title = problem.title ?? '';
    this.retryAfter = problem.retryAfter;
  }
}

/** Tells those who listen that the session is over. */
export const session = new EventTarget();

async function refusalOf(response) {
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // Not ours: a proxy's answer. Its status says enough.
  }
  problem.retryAfter = response.headers.get('Retry-After');
  return new Refusal(response.status, problem);
}

async function send(method, path, { body, headers = {}, signal } = {}) {
  const response = await fetch(path, {
    method,
    signal,
    headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
    body: body === undefined ? (method === 'POST' ? '' : undefined) : JSON.stringify(body),
  });
  if (response.ok) return response;
  const refusal = await refusalOf(response);
  if (refusal.status === 401 && path !== '/console/session') session.dispatchEvent(new Event('ended'));
  throw refusal;
}

const at = (sale, rest = '') => `/v1/sales/${encodeURIComponent(sale)}${rest}`;
const ofOrder = (order, rest = '') => `/v1/orders/${encodeURIComponent(order)}${rest}`;

/** `?a=1&b=2` of the members that say something. */
function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  return given.length ? `?${new URLSearchParams(given)}` : '';
}

async function json(method, path, options) {
  const response = await send(method, path, options);
  return response.status === 204 ? null : response.json();
}

export const api = {
  logIn: (token) => json('POST', '/console/session', { body: { token } }),
  whoAmI: () => json('GET', '/console/session'),
  logOut: () => json('DELETE', '/console/session'),

  sales: async () => (await json('GET', '/v1/sales')).sales,
  sale: (sale) => json('GET', at(sale)),
  put: (sale, members) => json('PUT', at(sale), { body: members }),
  remove: (sale) => json('DELETE', at(sale)),
  pause: (sale) => json('POST', at(sale, '/pause')),
  resume: (sale) => json('POST', at(sale, '/resume')),
  close: (sale) => json('POST', at(sale, '/close')),
  /** `key` makes a repetition harmless. */
  restock: (sale, sku, delta, key) =>
    json('POST', at(sale, '/stock'), { body: { sku, delta }, headers: { 'Idempotency-Key': key } }),

  orders: (sale, filter, signal) => json('GET', at(sale, `/orders${query(filter)}`), { signal }),
  order: (order) => json('GET', ofOrder(order)),
  history: async (order) => (await json('GET', ofOrder(order, '/history'))).events,
  refund: (order, restock) => json('POST', ofOrder(order, '/refund'), { body: { restock } }),
  arrivals: (sale, filter, signal) => json('GET', at(sale, `/arrivals${query(filter)}`), { signal }),
  /** One page of a list as CSV. */
  csv: async (sale, list, filter) => {
    const response = await send('GET', at(sale, `/${list}${query(filter)}`), { headers: { Accept: 'text/csv' } });
    return response.text();
  },
  liveUrl: (sale) => at(sale, '/live'),
};
