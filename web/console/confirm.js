// Asking before anything that cannot be taken back, and telling afterwards what came of it.
import { el, freshId, say } from './dom.js';
import { t } from './words.js';

/**
 * A modal question. `act` runs when the person says yes; what it throws is shown in the dialog, which
 * then stays. Resolves to true when it was done, false when the person thought better of it.
 */
export function confirm({ title, text, body = [], verb, danger = false, act }) {
  return new Promise((resolve) => {
    const [titleId, textId] = [freshId('dialog'), freshId('dialog')];
    const error = el('p', { class: 'error', role: 'alert', hidden: true });
    const yes = el('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, verb);
    const no = el('button', { type: 'button', class: 'quiet', onclick: () => dialog.close() }, t('cancel'));
    let done = false;
    const form = el(
      'form',
      {
        onsubmit: async (event) => {
          event.preventDefault();
          yes.disabled = true;
          error.hidden = true;
          try {
            await act();
            done = true;
            dialog.close();
          } catch (refusal) {
            say(error, refusal.message);
            error.hidden = false;
          } finally {
            yes.disabled = false;
          }
        },
      },
      el('h2', { id: titleId }, title),
      el('p', { id: textId }, text),
      body,
      error,
      el('div', { class: 'actions' }, yes, no),
    );
    const dialog = el(
      'dialog',
      {
        'aria-labelledby': titleId,
        'aria-describedby': textId,
        onclose: () => {
          dialog.remove();
          resolve(done);
        },
      },
      form,
    );
    document.body.append(dialog);
    dialog.showModal();
    // What cannot be undone is never one key away.
    const first = form.querySelector('select, input:not([type=checkbox])');
    (first ?? (danger ? no : yes)).focus();
  });
}

let region;
/** Says `text` at the foot of the page for some seconds, and to screen readers. */
export function toast(text, kind = 'good') {
  if (!region?.isConnected) {
    region = el('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
    document.body.append(region);
  }
  const note = el('p', { class: `toast ${kind}` }, text);
  region.append(note);
  setTimeout(() => note.remove(), 6_000);
}
