// Logging in.
import { api } from './api.js';
import { complain, el, field, say } from './dom.js';
import { t } from './words.js';

/** Why a log-in failed, in words for the person who tried. */
function reasonOf(refusal) {
  if (refusal.status === 401) return t('login.wrong');
  if (refusal.status === 429) return t('login.slow', { seconds: refusal.retryAfter ?? 1 });
  return refusal.message;
}

/** Asks for a token; `entered` is called with who that is. `notice`: why it is asked. */
export function sessionView(entered, notice) {
  const input = el('input', {
    type: 'password',
    autocomplete: 'current-password',
    name: 'token',
    required: true,
    spellcheck: 'false',
    autocapitalize: 'off',
  });
  const token = field(t('login.token'), input, { wide: true });
  const show = el(
    'button',
    {
      type: 'button',
      class: 'quiet',
      'aria-pressed': 'false',
      onclick: () => {
        const visible = input.type === 'password';
        input.type = visible ? 'text' : 'password';
        show.setAttribute('aria-pressed', String(visible));
      },
    },
    t('login.show'),
  );
  const submit = el('button', { type: 'submit', class: 'primary' }, t('login.submit'));
  const message = el('p', { class: 'notice', role: 'status', hidden: !notice }, notice);

  async function logIn(event) {
    event.preventDefault();
    complain(token, '');
    submit.disabled = true;
    try {
      await api.logIn(input.value.trim());
      const who = await api.whoAmI().catch(() => null);
      if (who) return entered(who);
      complain(token, t('login.not_kept'));
    } catch (refusal) {
      complain(token, reasonOf(refusal));
      input.select();
    } finally {
      submit.disabled = false;
    }
    input.focus();
  }

  const heading = el('h1', { tabindex: '-1' });
  say(heading, t('login.title'));
  return {
    title: t('login.title'),
    node: el(
      'main',
      { class: 'narrow card login', id: 'content' },
      heading,
      el('p', { class: 'soft' }, t('login.lead')),
      message,
      el(
        'form',
        { onsubmit: logIn, novalidate: true },
        // Password managers keep a token by a name.
        el('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'operator', hidden: true }),
        token.node,
        el('div', { class: 'actions' }, submit, show),
      ),
    ),
    focus: () => input.focus(),
    dispose: () => {},
  };
}
