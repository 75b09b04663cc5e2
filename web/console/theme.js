// Light or dark: as the system says, unless somebody chose.
import { el } from './dom.js';
import { t } from './words.js';

const KEPT = 'dibs-console-theme';
/** Told when colours change: canvases have to be drawn again. */
export const theme = new EventTarget();

export function applyTheme() {
  const chosen = localStorage.getItem(KEPT);
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  theme.dispatchEvent(new Event('change'));
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => theme.dispatchEvent(new Event('change')));

export function themePicker() {
  const select = el(
    'select',
    {
      'aria-label': t('top.theme'),
      onchange: () => {
        if (select.value) localStorage.setItem(KEPT, select.value);
        else localStorage.removeItem(KEPT);
        applyTheme();
      },
    },
    el('option', { value: '' }, t('theme.auto')),
    el('option', { value: 'light' }, t('theme.light')),
    el('option', { value: 'dark' }, t('theme.dark')),
  );
  select.value = localStorage.getItem(KEPT) ?? '';
  return select;
}

/** The present value of a colour token, for canvases. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
