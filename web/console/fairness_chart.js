// The first minute as dots. Each outcome has a shape of its own besides its colour.
import { number } from './format.js';
import { GROUPS } from './fairness_data.js';
import { colour, theme } from './theme.js';
import { t } from './words.js';
import { whyOf } from './fairness_why.js';

export const SHAPES = {
  won: 'circle',
  gave: 'triangle',
  waiting: 'rect',
  vain: 'rectRot',
  refused: 'crossRot',
  rule: 'star',
  early: 'cross',
};
const FILLED = new Set(['won', 'gave', 'waiting', 'vain']);

function dataset(group, rows, byOutcome) {
  const paint = colour(`g-${group}`);
  return {
    label: t(`group.${group}`),
    group,
    data: rows
      .filter((row) => row.group === group)
      .map((row) => ({
        x: row.sinceMs / 1_000,
        y: byOutcome ? lane(group, row) : row.arrival,
        row,
      })),
    pointStyle: SHAPES[group],
    borderColor: paint,
    backgroundColor: FILLED.has(group) ? paint : 'transparent',
    radius: group === 'won' ? 6 : 3,
    hoverRadius: 7,
    borderWidth: FILLED.has(group) ? 0 : 1.2,
    order: group === 'won' ? 0 : 1 + GROUPS.indexOf(group),
  };
}

/** Its outcome's lane; within it dots are spread so that a thousand at one moment are a band. */
function lane(group, row) {
  return GROUPS.length - 1 - GROUPS.indexOf(group) + (((row.arrival * 0.618034) % 1) - 0.5) * 0.6;
}

/** draw(ROWS, { from, to, byOutcome }) shows them; onPick(ROW) when a dot is pressed. */
export function fairnessChart(canvas, onPick) {
  let chart = null;
  let shown = null;

  function options({ from, to, byOutcome }) {
    const axis = {
      grid: { color: colour('grid'), drawBorder: false },
      ticks: { color: colour('soft'), maxRotation: 0 },
    };
    const title = (text) => ({ display: true, text, color: colour('soft') });
    return {
      animation: false,
      parsing: false,
      normalized: true,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: 'nearest', intersect: true, axis: 'xy' },
      onClick: (event, [hit]) => hit && onPick(chart.data.datasets[hit.datasetIndex].data[hit.index].row),
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            title: ([item]) =>
              `${t('orders.arrival')} ${number(item.raw.row.arrival)}, ${number(item.raw.row.sinceMs / 1_000, 3)} s`,
            label: (item) => ` ${item.raw.row.buyer}: ${t(`group.${item.raw.row.group}`)}`,
            afterLabel: (item) => ` ${whyOf(item.raw.row)}`,
          },
        },
      },
      scales: {
        x: { ...axis, type: 'linear', min: from, max: to, title: title(t('fair.x')) },
        y: byOutcome
          ? {
              ...axis,
              min: -0.5,
              max: GROUPS.length - 0.5,
              ticks: {
                ...axis.ticks,
                stepSize: 1,
                autoSkip: false,
                callback: (value) =>
                  Number.isInteger(value) && GROUPS[GROUPS.length - 1 - value]
                    ? t(`group.${GROUPS[GROUPS.length - 1 - value]}`)
                    : '',
              },
            }
          : {
              ...axis,
              min: 0,
              title: title(t('fair.y')),
              ticks: { ...axis.ticks, callback: (value) => number(value) },
            },
      },
    };
  }

  function draw(rows, view) {
    shown = [rows, view];
    chart?.destroy();
    chart = new globalThis.Chart(canvas, {
      type: 'scatter',
      data: { datasets: GROUPS.map((group) => dataset(group, rows, view.byOutcome)) },
      options: options(view),
    });
  }
  const redraw = () => shown && draw(...shown);
  theme.addEventListener('change', redraw);
  return {
    draw,
    destroy() {
      theme.removeEventListener('change', redraw);
      chart?.destroy();
    },
  };
}
