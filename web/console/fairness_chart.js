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

function dataset(group, rows, lanes) {
  const paint = colour(`g-${group}`);
  return {
    label: t(`group.${group}`),
    group,
    data: rows
      .filter((row) => row.group === group)
      .map((row) => ({ x: row.sinceMs / 1_000, y: lanes ? lane(lanes, row) : row.arrival, row })),
    pointStyle: SHAPES[group],
    borderColor: paint,
    backgroundColor: FILLED.has(group) ? paint : 'transparent',
    radius: group === 'won' ? 6 : 3,
    hoverRadius: 7,
    borderWidth: FILLED.has(group) ? 0 : 1.2,
    order: group === 'won' ? 0 : 1 + GROUPS.indexOf(group),
  };
}

/** Its outcome's lane, from the top; within it dots are spread so that a thousand at one moment are a band. */
function lane(lanes, row) {
  return lanes.length - 1 - lanes.indexOf(row.group) + (((row.arrival * 0.618034) % 1) - 0.5) * 0.6;
}

/** The vertical axis when each outcome has a lane. */
function laneAxis(axis, lanes) {
  return {
    ...axis,
    min: -0.5,
    max: lanes.length - 0.5,
    afterBuildTicks: (scale) => {
      scale.ticks = lanes.map((group, i) => ({ value: lanes.length - 1 - i }));
    },
    ticks: { ...axis.ticks, autoSkip: false, callback: (value) => t(`group.${lanes[lanes.length - 1 - value]}`) },
  };
}

/**
 * draw(ROWS, { from, to, top, byOutcome }) shows them: seconds, and the highest arrival where there is one;
 * onPick(ROW) when a dot is pressed.
 */
export function fairnessChart(canvas, onPick) {
  let chart = null;
  let shown = null;

  function options({ from, to, top }, lanes) {
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
        y: lanes
          ? laneAxis(axis, lanes)
          : {
              ...axis,
              min: 0,
              max: top,
              title: title(t('fair.y')),
              ticks: { ...axis.ticks, callback: (value) => number(value) },
            },
      },
    };
  }

  function draw(rows, view) {
    shown = [rows, view];
    const lanes = view.byOutcome ? GROUPS.filter((group) => rows.some((row) => row.group === group)) : null;
    chart?.destroy();
    chart = new globalThis.Chart(canvas, {
      type: 'scatter',
      data: { datasets: GROUPS.map((group) => dataset(group, rows, lanes)) },
      options: options(view, lanes),
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
