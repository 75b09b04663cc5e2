// What changes, as it changes. One tab of a browser reads the server's events and passes them on to
// the others; when it is closed, the next one takes over. Where the stream cannot be had, sale and
// orders are asked for instead, as often as the server says.
import { retryAfter, sleep } from '../shared/http.js';
import { oneAtATime } from './storage.js';

const SILENCE_MS = 25_000; // the server says something each 10 s
const LONGEST_PAUSE_MS = 8_000;

/** Reads server-sent events from a response and calls `heard({event, id, data})`, or with null for a comment. */
async function readEvents(response, heard) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(text.slice(0, end).split('\n').map((line) => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon), line.slice(colon + 2)];
      }));
      text = text.slice(end + 2);
      heard(fields.data === undefined ? null : { event: fields.event, id: fields.id, data: JSON.parse(fields.data) });
    }
  }
}

export class Stream {
  #deps;
  #channel;
  #lastId = null;
  #lastHeard = performance.now();
  #reading = null; // aborts what this tab reads
  #leads = false;

  /**
   * `sale`, `buyer`; `target()`: the order to follow, or null for the sale alone; `heard(event, data)`;
   * `poll()`: asks for everything once; `contact(ok)`: whether the server can be reached.
   */
  constructor(deps) {
    this.#deps = deps;
    const name = `dibs.events.${deps.sale}.${deps.buyer.id}`;
    this.#channel = 'BroadcastChannel' in globalThis && navigator.locks ? new BroadcastChannel(name) : null;
    this.#channel?.addEventListener('message', ({ data }) => this.#fromOtherTab(data));
    oneAtATime(name, () => this.#lead());
    setInterval(() => this.#watchLeader(), SILENCE_MS / 5);
  }

  /** An order has come or ended: follow what is to be followed now. */
  retarget(order) {
    if (order) this.#channel?.postMessage({ event: 'order', data: order });
    if (this.#leads && this.#followed !== this.#deps.target()) this.#reading?.abort();
  }

  #followed = null;

  #fromOtherTab({ event, data }) {
    this.#lastHeard = performance.now();
    if (!event) return;
    this.#deps.contact(true);
    this.#deps.heard(event, data);
    if (event === 'order' && this.#leads) this.retarget(null);
  }

  async #lead() {
    this.#leads = true;
    for (let pause = 250; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const begun = performance.now();
      const wait = await this.#readOnce(pause);
      if (wait === 0 || performance.now() - begun > 10_000) pause = 250;
      if (wait === 0) continue;
      await Promise.race([sleep(wait * (0.75 + Math.random() / 2)),
        new Promise((wake) => addEventListener('online', wake, { once: true }))]);
      await this.#deps.poll();
    }
  }

  /** Reads until the stream ends; in how many ms to try again, 0 for at once. */
  async #readOnce(pause) {
    const { buyer, sale, target } = this.#deps;
    this.#followed = target();
    const path = this.#followed ? `/v1/orders/${this.#followed}/events` : `/v1/sales/${sale}/events`;
    const reading = new AbortController();
    this.#reading = reading;
    const headers = { ...buyer.headers };
    if (this.#lastId) headers['Last-Event-ID'] = this.#lastId;
    const watchdog = setInterval(() => {
      if (performance.now() - this.#lastHeard > SILENCE_MS) reading.abort();
    }, SILENCE_MS / 5);
    try {
      this.#lastHeard = performance.now();
      const response = await fetch(path, { headers, signal: reading.signal, cache: 'no-store' });
      if (!response.ok) return retryAfter(response.headers, pause);
      this.#deps.contact(true);
      await readEvents(response, (one) => this.#pass(one));
      return pause;
    } catch {
      return this.#followed === target() ? pause : 0;
    } finally {
      clearInterval(watchdog);
    }
  }

  #pass(one) {
    this.#lastHeard = performance.now();
    this.#channel?.postMessage(one ? { event: one.event, data: one.data } : {});
    if (!one) return;
    this.#lastId = one.id;
    this.#deps.heard(one.event, one.data);
  }

  /** A leader that a phone has put to sleep says nothing: then this tab asks for itself. */
  #watchLeader() {
    if (this.#leads || performance.now() - this.#lastHeard < SILENCE_MS) return;
    this.#deps.poll();
  }
}
