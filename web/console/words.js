// What the console says, in the reader's language: words.en.js and words.ko.js hold the same keys.
import { en } from './words.en.js';
import { ko } from './words.ko.js';

const DICTIONARIES = { en, ko };
const KEPT = 'dibs-console-language';

/** `en` or `ko`: as chosen, else as the browser prefers. */
export function language() {
  const chosen = localStorage.getItem(KEPT);
  if (chosen in DICTIONARIES) return chosen;
  return navigator.languages.some((tag) => tag.startsWith('ko')) && !navigator.languages[0].startsWith('en')
    ? 'ko'
    : 'en';
}

export function choose(tag) {
  localStorage.setItem(KEPT, tag);
}

/** The text of `key`, with `{name}` replaced; the key itself when nobody wrote one. */
export function t(key, values = {}) {
  const text = DICTIONARIES[language()][key] ?? en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The same for what may be unknown to this page, as a code of a newer server: `otherwise` then. */
export function tOr(key, otherwise) {
  return DICTIONARIES[language()][key] ?? en[key] ?? otherwise;
}
