// The few things that pages do with the document. Texts go in as texts, never as markup.

export const $ = (id) => document.getElementById(id);

/** Sets the text only when it differs, so that screen readers and selections are left alone. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** An element with a class and a text, or with children. */
export function make(tag, className = '', content = '') {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (Array.isArray(content)) element.append(...content);
  else element.textContent = content;
  return element;
}

/** A button that does nothing now stays reachable and says so, rather than vanish under the finger. */
export function setDisabled(button, disabled) {
  const value = disabled ? 'true' : 'false';
  if (button.getAttribute('aria-disabled') !== value) button.setAttribute('aria-disabled', value);
}
export const isDisabled = (button) => button.getAttribute('aria-disabled') === 'true';

/** An address that a sale names, if it is one that a browser may be sent to; else null. */
export function webAddress(text) {
  try {
    const address = new URL(text);
    return address.protocol === 'https:' || address.protocol === 'http:' ? address : null;
  } catch {
    return null;
  }
}
