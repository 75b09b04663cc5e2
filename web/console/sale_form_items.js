// The items of a sale in its form: rows that can be added and taken away.
import { el, field, fill } from './dom.js';
import { t } from './words.js';

const NAMES = ['sku', 'title', 'price', 'stock'];
const LABELS = { sku: 'form.sku', title: 'form.item_title', price: 'form.price', stock: 'form.stock' };

function asNumber(value) {
  return /^-?\d+$/.test(value) ? Number(value) : value;
}

export function itemRows() {
  const list = el('div', { class: 'items' });
  let rows = [];
  let locked = false;
  const add = el(
    'button',
    {
      type: 'button',
      class: 'quiet',
      onclick: () => {
        rows.push(rowOf({}));
        layOut();
        rows.at(-1).sku.control.focus();
      },
    },
    t('form.add_item'),
  );

  function rowOf(item) {
    const row = {};
    for (const name of NAMES) {
      const number = name === 'price' || name === 'stock';
      row[name] = field(
        t(LABELS[name]),
        el('input', {
          autocomplete: 'off',
          spellcheck: 'false',
          inputmode: number ? 'numeric' : false,
          value: item[name] ?? '',
        }),
      );
    }
    return row;
  }

  function layOut() {
    fill(
      list,
      rows.map((row, i) =>
        el(
          'div',
          { class: 'item-row', role: 'group', 'aria-label': t('form.item', { n: i + 1 }) },
          NAMES.map((name) => row[name].node),
          rows.length > 1 &&
            !locked &&
            el(
              'button',
              {
                type: 'button',
                class: 'quiet danger-text',
                'aria-label': t('form.remove_item', { n: i + 1 }),
                onclick: () => {
                  rows.splice(i, 1);
                  layOut();
                  add.focus();
                },
              },
              '×',
            ),
        ),
      ),
    );
    for (const row of rows) for (const name of NAMES) row[name].control.disabled = locked;
    add.hidden = locked;
  }

  return {
    node: el('div', {}, list, add),
    show(items) {
      rows = items.map(rowOf);
      layOut();
    },
    lock(now) {
      locked = now;
      layOut();
    },
    read: () =>
      rows.map((row) => {
        const value = (name) => row[name].control.value.trim();
        return {
          sku: value('sku'),
          title: value('title'),
          price: asNumber(value('price')),
          stock: asNumber(value('stock')),
        };
      }),
    fields: () => rows.flatMap((row) => NAMES.map((name) => row[name])),
    /** Each field with the path by which the server names it. */
    paths: () => rows.flatMap((row, i) => NAMES.map((name) => [`items[${i}].${name}`, row[name]])),
  };
}
