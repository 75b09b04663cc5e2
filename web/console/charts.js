// Lines over the last two minutes. Chart.js draws; once a second it is handed the same points anew.
import { number } from './format.js';
import { colour, theme } from './theme.js';

const SPAN_S = 120;

/** Chart.js comes as a classic script beside the modules. */
const ChartJs = () => globalThis.Chart;

function axis(extra = {}) {
  return {
    border: { display: false },
    grid: { color: colour('grid'), drawBorder: false, drawTicks: false, ...extra.grid },
    ticks: { color: colour('soft'), padding: 6, maxRotation: 0, ...extra.ticks },
    ...extra.axis,
  };
}

/** Bounds that move seldom: 1, 2 or 5 times a power of ten. */
export function niceMax(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((bound) => bound >= value);
}

/**
 * A chart of `series` ({ name, label, colour, dash }) over two minutes. `format` writes the figures of
 * the vertical axis, which reaches at least to `topMin`. update(POINTS) draws; each point has `at` and a member for each series.
 */
export function timeChart(canvas, series, { format = (value) => number(value), xLabel, topMin = 1 }) {
  let chart = null;
  let latest = [];

  function build() {
    chart?.destroy();
    chart = new (ChartJs())(canvas, {
      type: 'line',
      data: {
        datasets: series.map((one) => ({
          label: one.label,
          data: [],
          borderColor: colour(one.colour),
          backgroundColor: colour(one.colour),
          borderWidth: 1.75,
          borderDash: one.dash ?? [],
          pointRadius: 0,
          pointHitRadius: 8,
          tension: 0,
          spanGaps: false,
        })),
      },
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: 'index', intersect: false },
        plugins: {
          legend: { display: false },
          tooltip: {
            callbacks: {
              title: ([item]) => `${number(Math.abs(item.parsed.x))} ${xLabel}`,
              label: (item) => ` ${item.dataset.label}: ${format(item.parsed.y)}`,
            },
          },
        },
        scales: {
          x: axis({
            axis: { type: 'linear', min: -SPAN_S, max: 0 },
            grid: { display: false },
            ticks: { stepSize: 30, callback: (value) => number(Math.abs(value)) },
          }),
          y: axis({ axis: { beginAtZero: true, min: 0 }, ticks: { callback: format } }),
        },
      },
    });
    draw();
  }

  function draw() {
    const now = latest.at(-1)?.at ?? 0;
    series.forEach((one, i) => {
      chart.data.datasets[i].data = latest
        .filter((point) => point[one.name] !== null)
        .map((point) => ({ x: Math.round((point.at - now) / 100) / 10, y: point[one.name] }));
    });
    const top = Math.max(0, ...latest.flatMap((point) => series.map((one) => point[one.name] ?? 0)));
    const max = niceMax(Math.max(top, topMin));
    chart.options.scales.y.max = max;
    chart.options.scales.y.ticks.stepSize = String(max).startsWith('2') ? max / 4 : max / 5;
    chart.update('none');
  }

  const rebuild = () => build();
  theme.addEventListener('change', rebuild);
  build();
  return {
    update(points) {
      latest = points;
      draw();
    },
    destroy() {
      theme.removeEventListener('change', rebuild);
      chart.destroy();
    },
  };
}
