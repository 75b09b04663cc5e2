// The language of the page: `?lang=`, else the browser's, else English. `words.language` is the tag for dates and numbers.
const SPOKEN = ['en', 'ko'];

export async function loadWords() {
  const asked = new URLSearchParams(location.search).get('lang');
  const short = (tag) => tag.toLowerCase().split('-')[0];
  const wanted = [asked, ...navigator.languages].find((tag) => tag && SPOKEN.includes(short(tag))) ?? 'en';
  const { words } = short(wanted) === 'ko' ? await import('./words.ko.js') : await import('./words.en.js');
  document.documentElement.lang = short(wanted);
  // Dates and numbers as in the reader's country: en-GB and not just en.
  const language = navigator.languages.find((tag) => short(tag) === short(wanted)) ?? wanted;
  return { ...words, language };
}

/** The address of this page in the other language. */
export function otherLanguageAddress(language) {
  const address = new URL(location.href);
  address.searchParams.set('lang', language);
  return address.pathname + address.search;
}
