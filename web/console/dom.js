// Elements by function. Texts only ever become text nodes and attributes: nothing that comes from
// a sale or a buyer can be markup (and the page's policy refuses it besides).

/** An element; `props` are attributes, `on…` listeners; children are nodes, texts or lists. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Replaces all that is in `node`. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets a text only when it differs: a screen reader is not told the same twice a second. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A button that can be pressed once until `act` has ended. */
export function button(text, act, props = {}) {
  const node = el(
    'button',
    {
      type: 'button',
      ...props,
      onclick: async () => {
        if (node.getAttribute('aria-disabled') === 'true') return;
        node.setAttribute('aria-disabled', 'true');
        try {
          await act(node);
        } finally {
          node.removeAttribute('aria-disabled');
        }
      },
    },
    text,
  );
  return node;
}

let ids = 0;
/** An id that no other element has. */
export function freshId(stem) {
  return `${stem}-${++ids}`;
}

/** A labelled control, with room for a hint and for what the server finds wrong with it. */
export function field(label, control, { hint, wide, two } = {}) {
  const id = control.id || freshId('field');
  control.id = id;
  const error = el('p', { class: 'error', id: `${id}-error`, hidden: true });
  const described = [error.id];
  const parts = [el('label', { for: id }, label), control];
  if (hint) {
    described.push(`${id}-hint`);
    parts.push(el('p', { class: 'hint', id: `${id}-hint` }, hint));
  }
  control.setAttribute('aria-describedby', described.join(' '));
  const node = el('div', { class: wide ? 'field wide' : two ? 'field two' : 'field' }, parts, error);
  return { node, control, error };
}

/** Shows `text` at a field, or takes it away. */
export function complain(target, text) {
  target.error.textContent = text ?? '';
  target.error.hidden = !text;
  if (text) target.control.setAttribute('aria-invalid', 'true');
  else target.control.removeAttribute('aria-invalid');
}
