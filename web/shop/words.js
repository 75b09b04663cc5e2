// The language of the page: `?lang=`, else the browser's, else English.
const SPOKEN = ['en', 'ko'];

export async function loadWords() {
  const asked = new URLSearchParams(location.search).get('lang');
  const wanted = [asked, ...navigator.languages].filter(Boolean).map((tag) => tag.toLowerCase().split('-')[0]);
  const language = wanted.find((tag) => SPOKEN.includes(tag)) ?? 'en';
  const { words } = language === 'ko' ? await import('./words.ko.js') : await import('./words.en.js');
  document.documentElement.lang = language;
  return words;
}

/** The address of this page in the other language. */
export function otherLanguageAddress(language) {
  const address = new URL(location.href);
  address.searchParams.set('lang', language);
  return address.pathname + address.search;
}
