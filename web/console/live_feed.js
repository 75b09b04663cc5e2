// One sale's figures as they come, once a second, and those of the last two minutes.
import { api, session } from './api.js';

const WINDOW = 121; // points, a second apart: 120 s and now
const AGAIN_MS = 2_000;

/** What of a live event the charts keep. */
function pointOf(live) {
  return {
    at: performance.now(),
    requests: live.server.requests_per_second,
    accepted: live.buys.accepted_per_second,
    refused: live.buys.refused_per_second,
    p50: live.server.latency_ms.p50,
    p99: live.server.latency_ms.p99,
  };
}

/**
 * Emits `figures` once a second while the server tells them: `sale`, `live` (the whole event; null for
 * support), `points`. `heardAt` says how old they are.
 */
export class LiveFeed extends EventTarget {
  constructor(sale, { mayChange }) {
    super();
    this.id = sale;
    this.sale = null;
    this.live = null;
    this.points = [];
    this.heardAt = performance.now();
    this.refusal = null;
    if (mayChange) this.#listen();
    else this.#poll();
  }

  #tell(sale, live) {
    this.sale = sale;
    this.live = live;
    this.heardAt = performance.now();
    this.refusal = null;
    this.dispatchEvent(new Event('figures'));
  }

  #listen() {
    this.source = new EventSource(api.liveUrl(this.id));
    this.source.addEventListener('live', (event) => {
      const live = JSON.parse(event.data);
      if (live.server.interval_ms !== null) this.points.push(pointOf(live));
      if (this.points.length > WINDOW) this.points.shift();
      this.#tell(live.sale, live);
    });
    this.source.addEventListener('error', () => {
      // While it connects again by itself there is nothing to do; refused, it never does.
      if (this.source.readyState === EventSource.CLOSED) this.#ask();
    });
  }

  /** Why there is no stream: the sale is gone, or the session. */
  async #ask() {
    try {
      await api.sale(this.id);
      await api.whoAmI();
    } catch (refusal) {
      if (refusal.status === 401) return session.dispatchEvent(new Event('ended'));
      this.refusal = refusal;
      this.dispatchEvent(new Event('figures'));
    }
    if (!this.over) this.timer = setTimeout(() => this.#listen(), AGAIN_MS);
  }

  async #poll() {
    try {
      this.#tell(await api.sale(this.id), null);
    } catch (refusal) {
      this.refusal = refusal;
      this.dispatchEvent(new Event('figures'));
    }
    if (!this.over) this.timer = setTimeout(() => this.#poll(), AGAIN_MS);
  }

  /** A call has changed the sale: shows it without waiting for the next second. */
  changed(sale) {
    this.sale = sale;
    if (this.live) this.live = { ...this.live, sale };
    this.dispatchEvent(new Event('figures'));
  }

  close() {
    this.over = true;
    clearTimeout(this.timer);
    this.source?.close();
  }
}
