// Sends a press until it is answered: at the opening if it is armed, and again with the same key when
// no answer came, when the server was busy, or when it was a moment early.
import { call, NoAnswer, retryAfter, sleep } from '../shared/http.js';
import { oneAtATime } from './storage.js';

const CONNECT_BEFORE_MS = 2_000;
const LONGEST_PAUSE_MS = 4_000;
const SOON_MS = 15_000; // an opening further away than this is no matter of being a moment early

/** Waits until `clock` says `at()`, which may move meanwhile, to the millisecond where the browser lets us. `still()` false ends it. */
async function until(at, clock, still) {
  for (;;) {
    const left = at() - clock.now();
    if (left <= 0 || !still()) return;
    await sleep(left > 100 ? Math.min(left - 50, 250) : left > 12 ? left - 8 : 0);
  }
}

export class Sender {
  #deps;

  /**
   * `record`: PressRecord; `clock`; `buyer`; `sale`: the sale's id; `opensAt()`: ms;
   * `tell(reason)`: what the buyer is waiting for: 'sending', 'checking', 'busy' or null.
   */
  constructor(deps) {
    this.#deps = deps;
  }

  /**
   * Takes the press to its answer. One tab at a time does so; the others wait here and go on when
   * that one is closed. Resolves with `{order}`, `{refusal}` or null (taken back, or answered elsewhere).
   */
  drive() {
    const { sale, buyer, record } = this.#deps;
    return oneAtATime(`dibs.sending.${sale}.${buyer.id}`, async () => {
      let press = record.get();
      if (press?.status === 'armed') press = await this.#waitForOpening(press);
      if (press?.status !== 'sent') return null;
      return this.#sendUntilAnswered(press);
    });
  }

  async #waitForOpening(press) {
    const { clock, opensAt, record } = this.#deps;
    const still = () => record.get()?.key === press.key && record.get().status === 'armed';
    await until(() => opensAt() - CONNECT_BEFORE_MS, clock, still);
    if (!still()) return null;
    await clock.sample(3); // opens the connection that the press will use, and sets the clock once more
    await until(opensAt, clock, still);
    return record.update(press.key, { status: 'sent', at: clock.now() });
  }

  async #sendUntilAnswered(press) {
    const { record, tell } = this.#deps;
    tell('sending');
    for (let pause = 250; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const { order, refusal, again, reason } = await this.#sendOnce(press, pause);
      if (order) {
        await record.update(press.key, { status: 'accepted', order: order.id });
        tell(null);
        return { order };
      }
      if (refusal) {
        const { code, arrival, opens_at } = refusal;
        await record.update(press.key, { status: 'refused', refusal: { code, arrival, opens_at } });
        tell(null);
        return { refusal };
      }
      tell(reason);
      await this.#pause(again);
    }
  }

  /** One try: an order, a refusal that is final, or in how many ms to try again and why. */
  async #sendOnce(press, pause) {
    const { buyer, sale } = this.#deps;
    let answer;
    try {
      answer = await call('POST', `/v1/sales/${sale}/orders`, {
        body: { items: press.items },
        headers: { ...buyer.headers, 'Idempotency-Key': press.key },
      });
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return { again: pause, reason: 'checking' };
    }
    const { status, headers, body } = answer;
    if (status === 201 || status === 202) return { order: body };
    if (body?.code === 'not_open' && body.opens_in_ms < SOON_MS) return { again: body.opens_in_ms, reason: 'sending' };
    if (body?.code === 'unknown_outcome' || (status >= 500 && !body?.code)) {
      return { again: retryAfter(headers, pause), reason: 'checking' };
    }
    const busy = status === 429 || (status === 503 && body?.retryable);
    if (busy) return { again: retryAfter(headers, pause) * (1 + Math.random() / 4), reason: 'busy' };
    return { refusal: body ?? { code: 'unknown' } };
  }

  /** Shorter when the network comes back meanwhile. */
  #pause(ms) {
    return Promise.race([sleep(ms), new Promise((wake) => addEventListener('online', wake, { once: true }))]);
  }
}
