// Making a sale, and changing one: every member of PUT. The server judges; what it finds wrong is shown
// at the field that it names.
import { api } from './api.js';
import { toast } from './confirm.js';
import { complain, el, field, fill, say } from './dom.js';
import { forInput, fromInput, zone } from './format.js';
import { itemRows } from './sale_form_items.js';
import { t } from './words.js';

const NUMBERS = [
  'hold_seconds',
  'payment_seconds',
  'payment_attempts',
  'promotion_seconds',
  'limit_per_buyer',
  'line_limit',
];
const DEFAULTS = {
  hold_seconds: 300,
  payment_seconds: 120,
  payment_attempts: 1,
  promotion_seconds: 300,
  limit_per_buyer: 1,
  currency: 'KRW',
};
/** What may still change once a sale has opened, and once it is closed; the server has the last word. */
const AFTER_OPENING = new Set([
  'title',
  'closes_at',
  'hold_seconds',
  'payment_seconds',
  'payment_attempts',
  'promotion_seconds',
  'line_limit',
  'notify',
]);
const AFTER_CLOSE = new Set(['title', 'notify']);

const text = (props = {}) => el('input', { autocomplete: 'off', spellcheck: 'false', ...props });
const choice = (...pairs) =>
  el(
    'select',
    {},
    pairs.map(([value, key]) => el('option', { value }, t(key))),
  );
const hint = (key) => ({ hint: t(key, { zone: zone(), order: '{order}' }) });

function makeFields() {
  const when = () => text({ type: 'datetime-local', step: '1' });
  const fields = {
    title: field(t('form.title'), text({ maxlength: 200 }), { two: true }),
    currency: field(
      t('form.currency'),
      text({ maxlength: 3, class: 'short', autocapitalize: 'characters' }),
      hint('form.currency_hint'),
    ),
    opens_at: field(t('form.opens_at'), when(), hint('form.opens_at_hint')),
    closes_at: field(t('form.closes_at'), when(), hint('form.closes_at_hint')),
    payment: field(
      t('form.payment'),
      choice(['provider', 'form.payment_provider'], ['shop', 'form.payment_shop'], ['none', 'form.payment_none']),
    ),
    public_stock: field(
      t('form.public_stock'),
      choice(['exact', 'form.public_exact'], ['hidden', 'form.public_hidden']),
    ),
    checkout_url: field(t('form.checkout_url'), text({ inputmode: 'url' }), {
      ...hint('form.checkout_url_hint'),
      wide: true,
    }),
    notify: field(t('form.notify'), text({ inputmode: 'url' }), { ...hint('form.notify_hint'), wide: true }),
  };
  const hinted = new Set(['hold_seconds', 'payment_seconds', 'promotion_seconds', 'line_limit']);
  for (const name of NUMBERS) {
    fields[name] = field(
      t(`form.${name}`),
      text({ inputmode: 'numeric' }),
      hinted.has(name) ? hint(`form.${name}_hint`) : {},
    );
  }
  const box = el('input', { type: 'checkbox', id: 'form-test' });
  const error = el('p', { class: 'error', hidden: true });
  fields.test = {
    control: box,
    error,
    node: el(
      'div',
      { class: 'field wide' },
      el('p', { class: 'check' }, box, el('label', { for: box.id }, t('form.test'))),
      error,
    ),
  };
  return fields;
}

function show(fields, items, sale) {
  for (const name of ['title', 'currency', 'payment', 'public_stock', 'checkout_url', ...NUMBERS]) {
    fields[name].control.value = sale[name] ?? DEFAULTS[name] ?? '';
  }
  fields.payment.control.value = sale.payment ?? 'provider';
  fields.public_stock.control.value = sale.public_stock ?? 'exact';
  fields.opens_at.control.value = forInput(sale.opens_at);
  fields.closes_at.control.value = forInput(sale.closes_at);
  fields.notify.control.value = sale.notify?.url ?? '';
  fields.test.control.checked = sale.test ?? false;
  items.show(sale.items?.map(({ total, ...item }) => ({ ...item, stock: total })) ?? [{}]);
}

/** A whole number as a number; anything else as it was written, for the server to name. */
function asNumber(value) {
  const trimmed = value.trim();
  return /^-?\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}

/** What stands in the form, as members of PUT. */
function read(fields, items) {
  const value = (name) => fields[name].control.value.trim();
  const members = {
    title: value('title'),
    opens_at: fromInput(value('opens_at')),
    closes_at: fromInput(value('closes_at')),
    payment: value('payment'),
    currency: value('currency').toUpperCase(),
    checkout_url: value('checkout_url') || null,
    notify: value('notify') ? { url: value('notify') } : null,
    public_stock: value('public_stock'),
    test: fields.test.control.checked,
    items: items.read(),
  };
  for (const name of NUMBERS)
    members[name] = value(name) === '' && name === 'line_limit' ? null : asNumber(value(name));
  return members;
}

/** Only what differs from what the form showed: a sale that has opened takes nothing else. */
function changedOf(before, after) {
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  );
}

/** The form for the sale of `feed`, or for a new one when there is none. */
export function saleForm({ feed = null, mayChange }) {
  const heading = el(feed ? 'h2' : 'h1', { tabindex: '-1' }, t(feed ? 'form.edit' : 'form.new'));
  const note = el('p', { class: 'soft', hidden: true });
  const wrong = el('p', { class: 'notice bad', role: 'alert', hidden: true });
  const fields = makeFields();
  const items = itemRows();
  const id = feed
    ? null
    : field(t('form.id'), text({ name: 'id', maxlength: 64, autocapitalize: 'off' }), hint('form.id_hint'));
  const submit = el('button', { type: 'submit', class: 'primary' }, t(feed ? 'form.save' : 'form.create'));
  let before = {};

  function showErrors(message) {
    for (const one of [id, ...Object.values(fields), ...items.fields()]) if (one) complain(one, '');
    wrong.hidden = !message;
    if (!message) return;
    // "items[0].price must be …": the member comes first; what stands behind a dot is more exact.
    const named = [...items.paths(), ...Object.entries(fields), ['the sale in the path', id]]
      .filter(
        ([path, one]) => one && (message === path || message.startsWith(`${path} `) || message.startsWith(`${path}.`)),
      )
      .sort((a, b) => b[0].length - a[0].length)[0]?.[1];
    say(wrong, t('form.wrong', { why: message }));
    if (!named) return wrong.scrollIntoView({ block: 'nearest' });
    complain(named, message);
    named.control.focus();
  }

  async function save(event) {
    event.preventDefault();
    showErrors('');
    const members = feed ? changedOf(before, read(fields, items)) : read(fields, items);
    const sale = feed ? feed.id : id.control.value.trim();
    if (feed && !Object.keys(members).length) return toast(t('form.nothing'));
    if (!sale) return showErrors('the sale in the path must be 1 to 64 of a-z A-Z 0-9 . _ -');
    submit.disabled = true;
    try {
      const made = await api.put(sale, members);
      toast(t(feed ? 'form.saved' : 'form.created'));
      if (!feed) location.hash = `#/sales/${encodeURIComponent(sale)}`;
      else {
        feed.changed(made);
        begin();
      }
    } catch (refusal) {
      showErrors(refusal.message);
    } finally {
      submit.disabled = false;
    }
  }

  /** Greys out what cannot change any more. */
  function freeze(sale) {
    const free = sale.state === 'closed' ? AFTER_CLOSE : sale.state === 'scheduled' ? null : AFTER_OPENING;
    const locked = (name) => !mayChange || (free !== null && !free.has(name));
    for (const [name, one] of Object.entries(fields)) one.control.disabled = locked(name);
    items.lock(locked('items'));
    say(note, !mayChange ? t('form.read_only') : sale.state === 'closed' ? t('form.fixed_closed') : t('form.fixed'));
    note.hidden = mayChange && free === null;
    submit.hidden = !mayChange;
  }

  function begin() {
    const sale = feed?.sale ?? {};
    show(fields, items, sale);
    before = read(fields, items);
    if (feed) freeze(sale);
  }
  const whenKnown = () => {
    if (!feed.sale) return;
    feed.removeEventListener('figures', whenKnown);
    begin();
  };
  if (feed && !feed.sale) feed.addEventListener('figures', whenKnown);
  else begin();

  const group = (title, ...inside) =>
    el('fieldset', { class: 'card' }, el('legend', {}, title), el('div', { class: 'fields' }, inside));
  const form = el(
    'form',
    { class: 'sale-form', onsubmit: save, novalidate: true },
    group(
      t('sales.sale'),
      id?.node,
      fields.title.node,
      fields.currency.node,
      fields.opens_at.node,
      fields.closes_at.node,
    ),
    el('fieldset', { class: 'card' }, el('legend', {}, t('form.items')), items.node),
    group(
      t('form.rules'),
      NUMBERS.map((name) => fields[name].node),
    ),
    group(
      t('form.money'),
      fields.payment.node,
      fields.public_stock.node,
      fields.checkout_url.node,
      fields.notify.node,
      fields.test.node,
    ),
    wrong,
    el('div', { class: 'actions' }, submit),
  );
  const view = feed ? el('div', {}, heading, note, form) : el('main', { id: 'content' }, heading, form);
  return {
    title: t('form.new'),
    node: view,
    focus: () => heading.focus(),
    dispose: () => feed?.removeEventListener('figures', whenKnown),
  };
}
