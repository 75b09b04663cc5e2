// What the page of a run and that of a comparison share: elements, words, axes and charts. Stands
// before their own scripts. Text goes in by textContent only, so no title of a sale can become
// markup.
const reportParts = (data) => {
  'use strict';

  const korean = data.language === 'ko';
  const say = (english, inKorean) => (korean ? inKorean : english);
  const number = (value, digits = 0) => value.toLocaleString(korean ? 'ko-KR' : 'en-US', {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });

  /** Makes an element: its class, then texts and elements inside. */
  function make(tag, className, ...inside) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...inside.filter((part) => part !== null));
    return element;
  }

  function section(title, explanation, ...inside) {
    return make('section', '', make('h2', '', title),
                explanation ? make('p', 'soft small', explanation) : null, ...inside);
  }

  /** When the run began, for a head line. */
  const started = () => `${new Date(data.started_at).toISOString().replace('T', ' ').slice(0, 19)} UTC`;

  const charts = [];  // makers: each draws its chart with the colours of the moment

  /** `height`: a class beside `canvas`, or none. `config` makes Chart.js's own from the colours. */
  function chart(label, caption, height, config) {
    const canvas = make('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', caption ? `${label}. ${caption}` : label);
    let drawn = null;
    charts.push((colour) => {
      if (drawn) drawn.destroy();
      drawn = new Chart(canvas, config(colour));
    });
    return make('figure', '', make('div', `canvas ${height}`, canvas),
                caption ? make('figcaption', '', caption) : null);
  }

  const axis = (colour, title, extra = {}) => ({
    title: {display: Boolean(title), text: title, color: colour('--soft')},
    ticks: {color: colour('--soft'), maxRotation: 0, autoSkipPadding: 16},
    grid: {color: colour('--line')},
    ...extra,
  });

  // Percentiles stand on an axis that counts nines: 1 - share on a logarithmic scale, turned round.
  const nines = (shares) => shares.map((share) => -Math.log10(1 - share));
  const nineNames = {0: '0 %', 1: '90 %', 2: '99 %', 3: '99.9 %', 4: '99.99 %', 5: '99.999 %'};

  /** `last`: the last of the nines that are drawn. The ends of the scale are whole ones. */
  function ninesAxis(colour, last) {
    const out = axis(colour, say('share of the requests that took no longer', '이 시간 안에 끝난 요청의 비율'),
                     {type: 'linear', min: 0, max: Math.max(1, Math.ceil(last - 0.01))});
    out.afterBuildTicks = (scale) => { scale.ticks = scale.ticks.filter((t) => Number.isInteger(t.value)); };
    out.ticks.stepSize = 1;
    out.ticks.callback = (value) => nineNames[value] ?? '';
    return out;
  }

  /** The presses of `scatter` as one set of points an outcome, the most important drawn on top. */
  function outcomePoints(colour, scatter, lookOf, lowest) {
    const ids = [...new Set(scatter.outcome)];
    const look = (id) => lookOf(data.outcomes[id].name);
    ids.sort((a, b) => look(b).size - look(a).size);
    return ids.map((id) => {
      const points = [];
      scatter.outcome.forEach((outcome, i) => {
        if (outcome === id) points.push({x: scatter.press[i], y: Math.max(scatter.ms[i], lowest)});
      });
      return {
        label: data.outcomes[id].label, data: points, parsing: false, pointStyle: look(id).shape, radius: look(id).size,
        borderColor: colour(look(id).colour), backgroundColor: colour(look(id).colour),
        borderWidth: look(id).size > 4 ? 2 : 1, clip: 12,
      };
    });
  }

  /** Draws all charts, now and whenever the colours change. */
  function draw() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    for (const drawChart of charts) drawChart(colour);
  }
  function show() {
    Chart.defaults.font.family = getComputedStyle(document.documentElement).fontFamily;
    draw();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    // Paper is white whatever the screen is.
    matchMedia('print').addEventListener('change', draw);
  }

  return {say, number, make, section, started, chart, axis, nines, ninesAxis, outcomePoints, show};
};
