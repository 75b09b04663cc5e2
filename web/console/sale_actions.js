// What an operator does with a sale as a whole. Everything is asked once more before it is done.
import { api } from './api.js';
import { confirm, toast } from './confirm.js';
import { complain, el, field, say } from './dom.js';
import { moment, number } from './format.js';
import { t } from './words.js';

const held = (sale) => sale.items.reduce((all, item) => all + item.held, 0);

/** Which of the calls the server would take now. */
const ALLOWED = {
  open: (sale) => sale.state === 'scheduled',
  pause: (sale) => sale.state === 'open',
  resume: (sale) => sale.state === 'paused',
  restock: (sale) => sale.state !== 'closed',
  close: (sale) => sale.state !== 'closed',
  remove: (sale) => sale.test || sale.state === 'scheduled',
};
const CALLS = {
  open: (sale) => api.put(sale.id, { opens_at: null }),
  pause: (sale) => api.pause(sale.id),
  resume: (sale) => api.resume(sale.id),
  close: (sale) => api.close(sale.id),
  remove: (sale) => api.remove(sale.id),
};

async function ask(name, feed) {
  const sale = feed.sale;
  const values = { time: moment(sale.opens_at), waiting: number(sale.waiting), held: number(held(sale)) };
  let answer = null;
  const done = await confirm({
    title: t(`${name}.title`),
    text: t(`${name}.text`, values),
    verb: t(`${name}.do`),
    danger: name === 'close' || name === 'remove',
    act: async () => {
      answer = await CALLS[name](sale);
    },
  });
  if (!done) return;
  toast(t(`done.${name}`));
  if (name === 'remove') location.hash = '#/';
  else feed.changed(answer);
}

async function restock(feed) {
  const sale = feed.sale;
  const key = crypto.randomUUID(); // pressing twice changes the stock once
  const sku = el(
    'select',
    { name: 'sku' },
    sale.items.map((item) => el('option', { value: item.sku }, `${item.title} (${item.sku})`)),
  );
  const delta = el('input', { name: 'delta', inputmode: 'numeric', required: true, autocomplete: 'off' });
  const amount = field(t('restock.delta'), delta, { hint: sale.waiting ? t('restock.promotes') : undefined });
  const now = el('p', { class: 'soft' });
  const item = () => feed.sale.items.find((one) => one.sku === sku.value);
  const tell = () => say(now, t('restock.now', item()));
  sku.addEventListener('change', tell);
  tell();
  let answer = null;
  const done = await confirm({
    title: t('restock.title'),
    text: sale.title,
    verb: t('restock.do'),
    body: [field(t('restock.sku'), sku).node, now, amount.node],
    act: async () => {
      const change = Number(delta.value.trim().replace('−', '-'));
      complain(amount, Number.isInteger(change) && delta.value.trim() ? '' : t('form.not_number'));
      if (amount.control.hasAttribute('aria-invalid')) throw new Error(t('form.not_number'));
      answer = await api.restock(sale.id, sku.value, change, key);
    },
  });
  if (!done) return;
  feed.changed(answer);
  toast(t('restock.done', { sku: sku.value, delta: delta.value, total: number(item().total) }));
}

/** The buttons of one sale; only those that can be pressed now are there. */
export function saleActions(feed, { mayChange }) {
  const node = el('div', { class: 'actions sale-actions' });
  const buttons = {};
  for (const name of Object.keys(ALLOWED)) {
    const kind =
      name === 'open' || name === 'resume'
        ? 'primary'
        : name === 'close' || name === 'remove'
          ? 'quiet danger-text'
          : 'quiet';
    buttons[name] = el(
      'button',
      {
        type: 'button',
        class: kind,
        hidden: true,
        onclick: () => (name === 'restock' ? restock(feed) : ask(name, feed)),
      },
      t(`act.${name}`),
    );
    if (mayChange) node.append(buttons[name]);
  }
  return {
    node,
    update(sale) {
      for (const [name, allowed] of Object.entries(ALLOWED)) buttons[name].hidden = !allowed(sale);
    },
  };
}
