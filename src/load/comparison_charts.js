// The charts of the comparison. Stands before comparison.js in the page, which hands over what both
// use.
const comparisonCharts = (data, cases, parts) => {
  const {say, number, make, section, chart, axis} = parts;

  // A strategy keeps its colour, dash and shape in every chart.
  const looks = {
    'lock': {colour: '--c2', dash: [], shape: 'rect'},
    'lock-improved': {colour: '--c2', dash: [8, 4], shape: 'rectRot'},
    'lock-wait': {colour: '--c2', dash: [2, 3], shape: 'rectRounded'},
    'queue': {colour: '--c5', dash: [8, 4], shape: 'cross'},
    'lua': {colour: '--c3', dash: [], shape: 'triangle'},
    'redis': {colour: '--c4', dash: [], shape: 'star'},
    'redis-sync': {colour: '--c4', dash: [8, 4], shape: 'star'},
    'engine-sync': {colour: '--c1', dash: [8, 4], shape: 'circle'},
    'engine': {colour: '--c1', dash: [], shape: 'circle'},
  };
  const lookOf = (strategy) => looks[strategy] || {colour: '--ink', dash: [], shape: 'circle'};
  // Refused presses are drawn small and first, winners large and on top.
  const outcomeLooks = {
    paid: {shape: 'rectRot', colour: '--c1', size: 8},
    payment_failed: {shape: 'crossRot', colour: '--c2', size: 6},
    wrong_buyer: {shape: 'triangle', colour: '--bad', size: 7},
    stranded: {shape: 'rect', colour: '--bad', size: 3},
    waiting_ended: {shape: 'rect', colour: '--c4', size: 3},
    lock_failed: {shape: 'circle', colour: '--c2', size: 1.4},
    sold_out: {shape: 'circle', colour: '--c3', size: 1.2},
    entry_failed: {shape: 'line', colour: '--c5', size: 2},
  };
  const outcomeLook = (name) => outcomeLooks[name] || {shape: 'triangle', colour: '--bad', size: 5};

  /** A logarithmic axis that names whole powers of ten only, without exponents. */
  function decades(colour, title, extra = {}) {
    const out = axis(colour, title, {type: 'logarithmic', ...extra});
    out.ticks.callback = (value) =>
      (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? number(value, value < 1 ? Math.round(-Math.log10(value)) : 0) : '');
    return out;
  }
  function options(colour, x, y, legend) {
    return {
      animation: false, responsive: true, maintainAspectRatio: false, normalized: true,
      interaction: {mode: 'nearest', intersect: false},
      plugins: {legend: {display: legend, labels: {usePointStyle: true, boxHeight: 8, color: colour('--ink')}}},
      scales: {x, y},
    };
  }

  /** One bar a case; the value stands in the label, since a logarithmic bar's length is no measure. */
  function bars(title, series, unit, digits) {
    const labels = cases.map((one) => `${one.strategy}: ` +
      series.map(({of}) => `${number(of(one), digits)} ${unit}`).join(' / '));
    return chart(title, '', 'mid', (colour) => ({
      type: 'bar',
      data: {
        labels,
        datasets: series.map(({label, of, paint}) => ({
          label, data: cases.map(of), borderWidth: 1, barPercentage: .85,
          backgroundColor: cases.map((one) => colour(paint || lookOf(one.strategy).colour)),
          borderColor: colour('--ink'),
        })),
      },
      options: {
        ...options(colour, decades(colour, unit, {suggestedMax: 1.5 * Math.max(...cases.flatMap((one) => series.map(({of}) => of(one))))}),
                   axis(colour, '', {ticks: {color: colour('--ink'), autoSkip: false}}), series.length > 1),
        indexAxis: 'y',
      },
    }));
  }

  function time() {
    return section(
      say('Time in total and on average', '총 시간과 평균 시간'),
      say('Means over the runs, on logarithmic scales: each step to the right is ten times as long. The total of queue is where its run was ended.',
          '시험의 평균이며 로그 눈금입니다. 오른쪽으로 한 칸은 열 배입니다. queue의 총 시간은 시험을 끝낸 시각입니다.'),
      make('div', 'small-charts',
           make('div', '', make('h3', '', say('Total time', '총 시간')),
                bars(say('Total time', '총 시간'), [{label: say('total', '총 시간'), of: (one) => one.means.seconds}], 's', 3)),
           make('div', '', make('h3', '', say('Average: first answer / final state, payment included', '평균: 첫 응답 / 최종 상태 (결제 포함)')),
                bars(say('Average time', '평균 시간'), [
                  {label: say('first answer', '첫 응답'), of: (one) => one.means.answered_ms, paint: '--c5'},
                  {label: say('final state', '최종 상태'), of: (one) => one.means.average_ms, paint: '--c3'},
                ], 'ms', 2))));
  }

  function latency() {
    const lines = (which) => (colour) => {
      let last = 0;
      const datasets = cases.map((one) => {
        const look = lookOf(one.strategy);
        const nines = parts.nines(one.first.percentiles.share);
        last = Math.max(last, nines[nines.length - 1]);
        return {
          label: one.strategy, borderColor: colour(look.colour), backgroundColor: colour(look.colour),
          borderDash: look.dash, borderWidth: 2, pointStyle: look.shape, clip: 12, parsing: false,
          pointRadius: nines.map((_, i) => (i % 6 === 0 ? 4 : 0)),
          // Zero has no place on a logarithmic scale.
          data: one.first.percentiles[which].map((value, i) => ({x: nines[i], y: Math.max(value, 0.01)})),
        };
      });
      const x = parts.ninesAxis(colour, last);
      return {type: 'line', data: {datasets}, options: options(colour, x, decades(colour, 'ms'), true)};
    };
    const part = (title, which) =>
      make('div', '', make('h3', '', title), chart(title, '', '', lines(which)));
    return section(
      say('How long it took', '응답 시간 분포'),
      say('The first run of each. At 99 % stands the time within which 99 of 100 requests were done.',
          '각 설계의 첫 번째 시험입니다. 99 % 자리의 값은 요청 100개 중 99개가 끝난 시간입니다.'),
      make('div', 'small-charts', part(say('To the first answer', '첫 응답까지'), 'first'),
           part(say('To the final state', '최종 상태까지'), 'final')));
  }

  function winnersOf(one) {
    const {scatter} = one.first;
    const config = (colour) => {
      const datasets = parts.outcomePoints(colour, scatter, outcomeLook, 0.01);
      return {
        type: 'scatter', data: {datasets},
        options: options(colour, decades(colour, say('press number', '누른 순번'), {min: 1, max: data.requests}),
                         decades(colour, 'ms'), true),
      };
    };
    const run = one.runs[0].figures;
    const caption = say(
      `The last winner pressed as number ${number(run.last_winner_rank)}; the last who should have won, as number ${number(run.fair_last_rank)}.`,
      `마지막 당첨자의 순번 ${number(run.last_winner_rank)}, 마땅히 마지막이어야 할 순번 ${number(run.fair_last_rank)}.`);
    return make('div', '', make('h3', '', one.strategy),
                chart(`${say('Who won', '당첨자')}: ${one.strategy}`, caption, 'mid', config));
  }

  function winners() {
    return section(
      say('Who won, against the order of press', '누른 순서와 결과'),
      say('The first run of each; press numbers on a logarithmic scale, so that the first have room. First come, first served puts every diamond left of all dots. Those without a final state are not drawn.',
          '각 설계의 첫 번째 시험이며 순번은 로그 눈금입니다. 선착순이라면 모든 마름모가 점들의 왼쪽에 있습니다. 결과가 없는 사람은 그리지 않습니다.'),
      make('div', 'small-charts', ...cases.map(winnersOf)));
  }

  function costOf(one) {
    const paints = {server: ['--c1', []], redis: ['--c4', [2, 3]], tool: ['--c2', [8, 4]]};
    const names = Object.fromEntries(one.means.usage.map((u) => [u.id, u.who]));
    const end = Math.max(1, Math.ceil(one.runs[0].figures.seconds * 1000));
    const config = (curves, key, last) => (colour) => ({
      type: 'line',
      data: {datasets: curves.map((curve) => {
        const [paint, dash] = paints[curve.id];
        return {
          label: names[curve.id] || curve.id, parsing: false, borderColor: colour(paint), backgroundColor: colour(paint),
          borderDash: dash, borderWidth: 2, pointRadius: 0, pointStyle: 'line',
          data: curve.ms.map((at, i) => ({x: at, y: curve[key][i]})),
        };
      })},
      options: options(colour, axis(colour, last ? say('ms since the first press', '첫 누름 이후 ms') : '', {type: 'linear', min: 0, max: end}),
                       axis(colour, '', {beginAtZero: true, grace: '8%', afterFit: (scale) => { scale.width = 48; }}), true),
    });
    return make('div', '', make('h3', '', one.strategy),
                make('p', 'small soft', say('CPU, % of one core', 'CPU (코어 하나 기준 %)')),
                chart(`CPU: ${one.strategy}`, '', 'low', config(one.first.cpu, 'percent', false)),
                make('p', 'small soft', say('memory, MiB', '메모리, MiB')),
                chart(`${say('Memory', '메모리')}: ${one.strategy}`, '', 'low', config(one.first.memory, 'mib', true)));
  }

  function cost(table) {
    return section(
      say('What it cost', '자원'),
      say(`Means over the runs, then the first run of each over time. 100 % is one core; this machine has ${data.cores}.`,
          `시험의 평균과 첫 번째 시험의 시간에 따른 변화입니다. 100 %는 코어 하나이며, 이 컴퓨터에는 ${data.cores}개가 있습니다.`),
      table, make('div', 'small-charts', ...cases.map(costOf)));
  }

  return {time, latency, winners, cost};
};
