// What a screen reader is told without being asked, each thing once.
import { $ } from '../shared/dom.js';

const MARKS = [60, 30, 10]; // seconds before an end or an opening
const POSITION_EVERY_MS = 15_000;

export class Speaker {
  #said = new Set();
  #position = { value: null, at: -Infinity };

  /** In turn, without interrupting. */
  say(text) {
    $('say').textContent = text;
  }

  /** At once: something that cannot wait. */
  shout(text) {
    $('shout').textContent = text;
  }

  /** Says `words({seconds})` as `left` ms passes each mark, and nothing for marks passed before. */
  countDown(what, left, words) {
    const seconds = Math.ceil(left / 1000);
    for (const mark of MARKS) {
      const name = `${what}:${mark}`;
      if (this.#said.has(name) || seconds > mark) continue;
      this.#said.add(name);
      if (seconds > mark - 2 && seconds > 0) this.shout(words({ seconds: mark }));
    }
  }

  /** A position that moves, now and then. */
  position(position, words) {
    const now = performance.now();
    if (position === this.#position.value || now - this.#position.at < POSITION_EVERY_MS) return;
    if (this.#position.value !== null) this.say(words({ position }));
    this.#position = { value: position, at: now };
  }
}
