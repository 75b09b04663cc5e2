// What the tabs of a browser share: small JSON values in localStorage, and one-at-a-time by Web Locks.
// Where a browser has neither (private windows, plain http), each tab keeps for itself; the server
// still counts a press once, since a tab uses one key until it is answered.

const alone = new Map();

export function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return alone.get(name) ?? null;
  }
}

/** `value` null removes it. */
export function write(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    alone.set(name, value);
  }
}

/** Calls `changed` when another tab has written the value. */
export function watch(name, changed) {
  addEventListener('storage', (event) => {
    if (event.key === name || event.key === null) changed();
  });
}

/** Runs `job` while no other tab runs one of this name. `navigator.locks` is there on https and loopback. */
export function oneAtATime(name, job) {
  return navigator.locks ? navigator.locks.request(name, job) : job();
}

/** The same, but one that has to wait is not started: resolves with undefined then. */
export function ifNobodyElse(name, job) {
  if (!navigator.locks) return job();
  return navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? job() : undefined));
}

/** A random text of 26 characters (128 bits). */
export function randomText() {
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  return Array.from(bytes, (byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte & 31]).join('');
}
