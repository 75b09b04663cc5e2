// The server's time, right to half the best round trip: on any usual network well below 50 ms.
import { call, NoAnswer, sleep } from '../shared/http.js';

const KEPT = 24;
const FRESH_MS = 5 * 60_000; // a clock that is 50 ppm off drifts 15 ms in that time
const STEP_MS = 100;

export class Clock {
  #samples = [];
  /** Where the device's wall clock and its steady clock stood to each other: a sleep or a step shows there. */
  #anchor = Date.now() - performance.now();

  /** Milliseconds since 1970 by the server; by the device until the first sample is there. */
  now() {
    return performance.now() + (this.#best()?.offset ?? Date.now() - performance.now());
  }

  get known() {
    return this.#best() !== undefined;
  }

  /** How far `now` can be off, in ms. */
  get error() {
    return (this.#best()?.trip ?? Infinity) / 2;
  }

  /** Half a round trip: what a request needs to the server, about. */
  get oneWay() {
    return this.known ? this.error : 0;
  }

  /** Asks the server's time `times` times; those without an answer are left out. */
  async sample(times = 1) {
    for (let i = 0; i < times; ++i) {
      if (i > 0) await sleep(40);
      try {
        await this.#ask();
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
    }
  }

  /** Whether the device slept or its clock was set since the samples were taken: they are dropped then. */
  stepped() {
    const anchor = Date.now() - performance.now();
    if (Math.abs(anchor - this.#anchor) < STEP_MS) return false;
    this.#anchor = anchor;
    this.#samples = [];
    return true;
  }

  async #ask() {
    const sent = performance.now();
    const answer = await call('GET', '/v1/time', { patience: 5_000 });
    const got = performance.now();
    if (answer.status !== 200) return;
    const offset = Date.parse(answer.body.now) - (sent + got) / 2;
    this.#samples.push({ offset, trip: got - sent, at: got });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  #best() {
    const fresh = this.#samples.filter((one) => performance.now() - one.at < FRESH_MS);
    const from = fresh.length > 0 ? fresh : this.#samples;
    return from.reduce((best, one) => (best === undefined || one.trip < best.trip ? one : best), undefined);
  }
}
