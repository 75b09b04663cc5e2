// A whole list as one CSV file: the server's own pages, one after another.
import { api } from './api.js';

const PAGE = 1_000;

/**
 * Downloads `list` ("orders" or "arrivals") of `sale`; `progress(ROWS)` is told how many there are so
 * far. Resolves to the number of rows.
 */
export async function downloadCsv(sale, list, filter, progress) {
  const pages = [];
  let rows = 0;
  let after;
  while (true) {
    const lines = (await api.csv(sale, list, { ...filter, after, limit: PAGE })).split('\r\n').filter(Boolean);
    const [head, ...body] = lines;
    if (!pages.length) pages.push(head);
    pages.push(...body);
    rows += body.length;
    progress?.(rows);
    if (body.length < PAGE) break;
    after = body.at(-1).split(',', 1)[0]; // the first column is the arrival, a number
  }
  const url = URL.createObjectURL(
    new Blob([pages.map((line) => `${line}\r\n`).join('')], { type: 'text/csv;charset=utf-8' }),
  );
  const link = document.createElement('a');
  link.href = url;
  link.download = `${sale}-${list}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return rows;
}
