// A press of the button, kept where all tabs see it. It has one idempotency key from before it is first
// sent until it is answered, so that it counts once however often, and from whichever tab, it is sent.
//
//   (none) ─press─► armed ─opening─► sent ─► accepted (an order)        a new press begins anew, with
//            └────────────────────►──┘  └──► refused (a code)           a new key
import { oneAtATime, randomText, read, watch, write } from './storage.js';

/** An unanswered press is asked for again for so long: the buyer still means it. */
export const STILL_MEANT_MS = 10 * 60_000;
/** An armed press that no tab could send at the opening is dropped after this. */
export const ARMED_TOO_LATE_MS = 60_000;

export class PressRecord {
  #name;
  #lock;

  constructor(sale, buyer) {
    this.#name = `dibs.press.${sale}.${buyer}`;
    this.#lock = `dibs.pressing.${sale}.${buyer}`;
  }

  /** `{key, items, status, at, order?, refusal?}` or null. */
  get() {
    return read(this.#name);
  }

  onChange(changed) {
    watch(this.#name, changed);
  }

  /**
   * The press now under way, made if there is none; `status` is `armed` or `sent`. A press that
   * was accepted goes on being this one until its order is among `known`: a tab that has not heard
   * of it must not buy a second time.
   */
  begin(items, status, known, now) {
    return oneAtATime(this.#lock, () => {
      const old = this.get();
      if (old && (old.status === 'armed' || old.status === 'sent')) return old;
      if (old?.status === 'accepted' && !known.has(old.order)) return old;
      const made = { key: randomText(), items, status, at: now };
      write(this.#name, made);
      return made;
    });
  }

  /** Changes the press of this key; nothing when another one has taken its place. */
  update(key, changes) {
    return oneAtATime(this.#lock, () => {
      const old = this.get();
      if (old?.key !== key) return null;
      const changed = { ...old, ...changes };
      write(this.#name, changed);
      return changed;
    });
  }

  /** Takes back what has not been sent. Whether it could. */
  disarm() {
    return oneAtATime(this.#lock, () => {
      if (this.get()?.status !== 'armed') return false;
      write(this.#name, null);
      return true;
    });
  }

  /** Forgets a press that the buyer no longer means. */
  dropStale(now, opensAt) {
    const old = this.get();
    if (!old) return;
    const unsent = old.status === 'armed' && opensAt !== null && now > opensAt + ARMED_TOO_LATE_MS;
    const unanswered = old.status === 'sent' && now > old.at + STILL_MEANT_MS;
    if (unsent || unanswered) write(this.#name, null);
  }
}
