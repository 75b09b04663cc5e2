// Figures and times as people read them, in the reader's own language and time zone.
import { money as moneyIn } from '../shared/format.js';
import { language } from './words.js';

const EMPTY = '–';

export function number(value, digits = 0) {
  if (value === null || value === undefined) return EMPTY;
  return new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value);
}

/** A rate: whole from ten on, else with one digit. */
export function rate(value) {
  return number(value, value !== null && value !== undefined && value < 10 ? 1 : 0);
}

/** A measured time: three digits that say something. */
export function milliseconds(value) {
  if (value === null || value === undefined) return EMPTY;
  if (value >= 10_000) return `${number(value / 1_000, 1)} s`;
  if (value >= 100) return `${number(value)} ms`;
  return `${number(value, value >= 10 ? 1 : 2)} ms`;
}

/** A span in minutes and seconds, `4:07`; a minus when it is over. */
export function span(ms) {
  const whole = Math.floor(Math.abs(ms) / 1_000);
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor(whole / 3_600) % 24];
  const rest = `${String(Math.floor(whole / 60) % 60).padStart(days || hours ? 2 : 1, '0')}:${String(whole % 60).padStart(2, '0')}`;
  const text = days ? `${days} d ${hours}:${rest}` : hours ? `${hours}:${rest}` : rest;
  return ms < 0 && whole > 0 ? `−${text}` : text;
}

const pad = (value, size = 2) => String(value).padStart(size, '0');

export function clock(date) {
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `2026-12-01 20:00:00`, in the reader's zone. */
export function moment(iso) {
  if (!iso) return EMPTY;
  const date = new Date(iso);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock(date)}`;
}

/** The same with milliseconds, where the order of things is looked at. */
export function exactMoment(iso) {
  return iso ? `${moment(iso)}.${pad(new Date(iso).getMilliseconds(), 3)}` : EMPTY;
}

/** `UTC+9`. */
export function zone(date = new Date()) {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${pad(rest)}` : ''}`;
}

/** Minor units as money: 50000 of KRW are ₩50,000. */
export function money(amount, currency) {
  return moneyIn(amount, currency, language());
}

/** An order's id, short enough for a table; all of it stands in the title. */
export function shortId(order) {
  return order.split('.')[0].replace('ord_', '').slice(0, 8);
}

/** For a field of kind datetime-local: the reader's own time, to the second. */
export function forInput(iso) {
  if (!iso) return '';
  return moment(iso).replace(' ', 'T');
}

export function fromInput(text) {
  return text ? new Date(text).toISOString() : null;
}
