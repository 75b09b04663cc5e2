// How money, numbers and times are written in a language.

/** An amount in the currency's minor unit: 50000 KRW is ₩50,000, 1999 EUR is €19.99. */
export function money(amount, currency, language) {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  // Written out rather than divided, so that no amount is rounded.
  const text = String(amount).padStart(digits + 1, '0');
  return format.format(digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`);
}

export const number = (value, language) => new Intl.NumberFormat(language).format(value);

/** 12:00:00, by the reader's clock. */
export function clockTime(ms, language) {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
    .format(ms);
}

/** The day too, and the time zone, so that nobody comes an hour late. */
export function dayAndTime(ms, language) {
  const day = { year: 'numeric', month: 'long', day: 'numeric', weekday: 'short' };
  const zone = new Intl.DateTimeFormat(language, { timeZoneName: 'short' }).formatToParts(ms)
    .find((part) => part.type === 'timeZoneName').value;
  return `${new Intl.DateTimeFormat(language, day).format(ms)} ${clockTime(ms, language)} (${zone})`;
}

/** Short, for what is past. */
export function shortDayAndTime(ms, language) {
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(ms);
  return `${day} ${clockTime(ms, language)}`;
}

/** What is left, as digits: 4:32, 1:02:03. Rounded up, so that 0:00 is the end and not the second before. */
export function digits(ms) {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const two = (value) => String(value).padStart(2, '0');
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}
