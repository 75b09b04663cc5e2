// One call to the server's API.

/** No answer came: the request may have taken effect or not. */
export class NoAnswer extends Error {}

/**
 * Resolves with `{status, headers, body}` whatever the status says; `body` is parsed JSON, or null.
 * Rejects with NoAnswer when the network fails or `patience` (ms) is over: whether the server has
 * done it is then not known.
 */
export async function call(method, path, { body, headers = {}, patience = 12_000 } = {}) {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), patience);
  try {
    const sent = { ...headers };
    if (body !== undefined) sent['Content-Type'] = 'application/json';
    const response = await fetch(path, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: giveUp.signal,
      cache: 'no-store',
      credentials: 'same-origin',
    });
    const text = await response.text();
    const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
    return { status: response.status, headers: response.headers, body: isJson && text ? JSON.parse(text) : null };
  } catch (error) {
    throw new NoAnswer(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** How long the server asks to wait before the next try, in ms; `otherwise` when it does not say. */
export function retryAfter(headers, otherwise) {
  const seconds = Number(headers.get('Retry-After'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : otherwise;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
