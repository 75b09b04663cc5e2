// Draws the report from the data beside it. Text goes in by textContent only, so no title of a sale
// can become markup.
(() => {
  'use strict';

  const data = JSON.parse(document.getElementById('data').textContent);
  const korean = data.language === 'ko';
  const say = (english, inKorean) => (korean ? inKorean : english);
  const number = (value, digits = 0) => value.toLocaleString(korean ? 'ko-KR' : 'en-US', {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  const ms = (value) => `${number(value, value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;

  // Each outcome has a sign and a shape as well as a colour.
  const looks = {
    paid: {sign: '◆', shape: 'rectRot', colour: '--c1', size: 8},
    payment_failed: {sign: '✕', shape: 'crossRot', colour: '--c2', size: 6},
    waiting_ended: {sign: '□', shape: 'rect', colour: '--c4', size: 3},
    sold_out: {sign: '·', shape: 'circle', colour: '--c3', size: 1.2},
    entry_failed: {sign: '–', shape: 'line', colour: '--c5', size: 2},
    other: {sign: '!', shape: 'triangle', colour: '--bad', size: 5},
  };
  const lookOf = (name) => looks[name] || looks.other;

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

  function tableOf(head, rows) {
    const cells = (tag, values) => values.map((value) => make(tag, '', value));
    const table = make('table', '', make('thead', '', make('tr', '', ...cells('th', head))));
    table.append(make('tbody', '', ...rows.map((row) => make('tr', '', ...cells('td', row)))));
    return make('div', 'wide', table);
  }

  function list(pairs, className = 'figures') {
    const out = make('dl', className);
    for (const [label, value] of pairs) out.append(make('dt', '', label), make('dd', '', value));
    return out;
  }

  const page = document.getElementById('report');
  page.replaceChildren();

  // ---- words ---------------------------------------------------------------------------------

  function header() {
    const when = new Date(data.started_at);
    const facts = [
      data.strategy,
      say(`${number(data.requests)} buyers for ${number(data.stock)} units`,
          `${number(data.requests)}명, 재고 ${number(data.stock)}개`),
      data.connections,
      when.toISOString().replace('T', ' ').slice(0, 19) + ' UTC',
    ];
    return make('header', '', make('h1', '', data.title),
                make('p', 'soft', facts.join(' · ')));
  }

  function verdict() {
    const held = data.verdict.length === 0 && data.invalid.length === 0;
    const words = make('div');
    if (held) {
      words.append(make('strong', '', data.all_held));
    } else {
      words.append(make('strong', '', data.invalid.length > 0
          ? say('This run is invalid', '무효인 시험입니다')
          : say('A promise was broken', '지켜지지 않은 약속이 있습니다')));
      words.append(make('ul', '', ...[...data.invalid, ...data.verdict].map((s) => make('li', '', s))));
    }
    return make('div', `verdict ${held ? 'held' : 'broken'}`,
                make('div', 'mark', held ? '✓' : '✕'), words);
  }

  function tiles() {
    const fair = data.fairness;
    const figures = [
      [`${number(data.paid)} / ${number(data.stock)}`, say('units sold', '판매 / 재고')],
      [`${number(fair.first_come_accuracy * 100, fair.first_come_accuracy === 1 ? 0 : 1)} %`,
       say('first-come accuracy', '선착순 정확도')],
      [number(fair.inversions), say('overtakings', '순서 역전')],
      [`${number(data.seconds_total, 3)} s`, say('from first press to last outcome', '총 시간')],
      [data.tps === null ? '–' : number(data.tps), say('requests a second', '초당 처리량')],
      [ms(data.latency[0].p99), say('p99 to the first answer', '첫 응답 p99')],
    ];
    return make('div', 'tiles', ...figures.map(([value, label]) =>
      make('div', 'tile', make('b', value.length > 9 ? 'long' : '', value), make('span', '', label))));
  }

  function strip() {
    const cells = data.strip.map((cell) => {
      const item = make('li', cell.outcome, make('i', '', lookOf(cell.outcome).sign),
                        make('span', '', number(cell.press)));
      item.title = cell.label;
      item.setAttribute('aria-label', `${cell.press}: ${cell.label}`);
      return item;
    });
    const shown = data.outcomes.filter((o) => data.strip.some((cell) => cell.outcome === o.name));
    const legend = make('ul', 'legend', ...shown.map((o) =>
      make('li', '', make('b', '', lookOf(o.name).sign), o.label)));
    return section(
      say('The first to press', '가장 먼저 누른 사람들'),
      say('In the order in which their last byte left this machine. The number is the press number.',
          '마지막 바이트가 전송된 순서입니다. 숫자는 누른 순번입니다.'),
      make('ol', 'strip', ...cells), legend);
  }

  function outcomes() {
    const most = Math.max(...data.outcomes.map((o) => o.count), 1);
    const table = make('table');
    for (const o of data.outcomes.filter((entry) => entry.count > 0 || entry.always)) {
      const bar = make('div');
      bar.style.width = `${(o.count / most) * 100}%`;
      table.append(make('tr', o.count ? '' : 'zero', make('td', '', o.label),
                        make('td', '', number(o.count)), make('td', 'bar', o.count ? bar : '')));
    }
    table.append(make('tr', 'sum', make('td', '', say('Requests', '요청')),
                      make('td', '', number(data.requests)), make('td', 'bar', '')));
    return section(say('What became of them', '결과'), '', table, list([
      [say('Total time', '총 시간'), `${number(data.seconds_total, 3)} s`],
      [say('Mean time per request, payment included', '요청당 평균 시간 (결제 포함)'),
       ms(data.latency[2].mean)],
      ['TPS', data.tps === null ? '–' : number(data.tps, 1)],
    ]));
  }

  function fairness() {
    const fair = data.fairness;
    const rows = [
      [say('Eligible buyers', '자격이 있는 구매자'), number(fair.eligible)],
      [say('First-come accuracy', '선착순 정확도'), `${number(fair.first_come_accuracy * 100, 1)} %`],
      [say('Pairs in which a later press got the unit', '나중에 누른 사람이 받은 쌍'), number(fair.inversions)],
      [say('Largest gap', '가장 큰 시간 차'), ms(fair.max_gap_ms)],
      [say('Largest overtake', '가장 큰 순번 차'), say(`${number(fair.max_overtake)} places`, `${number(fair.max_overtake)}명`)],
      [say('Press number of the last winner', '마지막 당첨자의 순번'), number(fair.last_winner_rank)],
      [say('… of the last who should win', '… 마땅히 마지막이어야 할 순번'), number(fair.fair_last_rank)],
      [say('Pairs numbered out of order', '번호가 뒤바뀐 쌍'),
       `${number(fair.arrival_inversions)} / ${number(fair.arrival_pairs)}`],
      [say('Oversold', '초과 판매'), number(data.oversold)],
    ];
    if (fair.border) rows.push([say('Compared only up to', '비교 범위'), fair.border]);
    return section(
      say('Was it fair?', '공정했는가'),
      say('Two presses are compared only when one was wholly sent before the other was begun.',
          '한쪽이 완전히 전송된 뒤에 다른 쪽이 시작된 경우만 비교합니다.'), list(rows));
  }

  // Few columns and more rows, so that both tables fit on a phone.
  function latencyTable() {
    const heads = ['ms', say('first answer', '첫 응답'), say('… from when due', '… 예정 시각 기준'),
                   say('final state', '최종 상태')];
    const rows = [['mean', say('mean', '평균')], ['p50', 'p50'], ['p90', 'p90'], ['p99', 'p99'],
                  ['p999', 'p99.9'], ['p9999', 'p99.99'], ['max', say('max', '최대')]];
    return tableOf(heads, rows.map(([name, label]) =>
      [label, ...data.latency.map((entry) => number(entry[name], 2))]));
  }

  function resources() {
    const rows = [
      ['CPU', (u) => `${number(u.cpu_seconds, 3)} s`],
      [say('CPU, mean', 'CPU 평균'), (u) => `${number(u.cpu_mean)} %`],
      [say('CPU, peak of 100 ms', 'CPU 최대 (100 ms)'), (u) => `${number(u.cpu_peak)} %`],
      [say('memory, peak', '메모리 최대'), (u) => `${number(u.rss_mib, 1)} MiB`],
      [say('… of the machine', '… 전체 대비'), (u) => `${number(u.rss_share, 2)} %`],
    ];
    return section(
      say('What it cost', '자원'),
      say(`100 % is one core; this machine has ${data.machine.cores}.`,
          `100 %는 코어 하나이며, 이 컴퓨터에는 ${data.machine.cores}개가 있습니다.`),
      tableOf(['', ...data.usage.map((u) => u.who)],
              rows.map(([label, value]) => [label, ...data.usage.map(value)])));
  }

  function details() {
    const parts = [list(data.details.map((d) => [d.label, d.value]), '')];
    if (data.violations.length > 0) {
      parts.push(make('h2', '', say('Broken contract', '규약 위반')));
      for (const v of data.violations) {
        parts.push(make('p', '', `${v.what} (${number(v.count)})`), make('pre', 'soft', v.example));
      }
    }
    return section(say('How it was measured', '측정 조건'), '', ...parts);
  }

  // ---- charts --------------------------------------------------------------------------------

  const charts = [];  // makers: each draws its chart with the colours of the moment

  function chart(label, caption, low, config) {
    const canvas = make('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${label}. ${caption}`);
    let drawn = null;
    charts.push((colour) => {
      if (drawn) drawn.destroy();
      drawn = new Chart(canvas, config(colour));
      return drawn;
    });
    return make('figure', '', make('div', `canvas${low ? ' low' : ''}`, canvas),
                caption ? make('figcaption', '', caption) : null);
  }

  function axis(colour, title, extra = {}) {
    return {
      title: {display: Boolean(title), text: title, color: colour('--soft')},
      ticks: {color: colour('--soft'), maxRotation: 0, autoSkipPadding: 16},
      grid: {color: colour('--line')},
      ...extra,
    };
  }

  const byShape = {usePointStyle: true, boxHeight: 8};
  const byDash = {usePointStyle: true, pointStyleWidth: 34, boxHeight: 8};

  /** A piece of a line with its dashes, for the legend, which would draw it solid. */
  function sample(colourValue, dash) {
    const canvas = make('canvas');
    canvas.width = 30;
    canvas.height = 4;
    const pen = canvas.getContext('2d');
    pen.strokeStyle = colourValue;
    pen.lineWidth = 3;
    pen.setLineDash(dash);
    pen.moveTo(0, 2);
    pen.lineTo(30, 2);
    pen.stroke();
    return canvas;
  }

  function base(colour, type, datasets, x, y, labels, alwaysNamed = false) {
    return {
      type,
      data: {datasets},
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
        interaction: {mode: 'nearest', intersect: false},
        plugins: {
          legend: {display: alwaysNamed || datasets.length > 1, labels: {...labels, color: colour('--ink')}},
        },
        scales: {x, y},
      },
    };
  }

  function winners() {
    const config = (colour) => {
      const names = [...new Set(data.scatter.outcome)];
      // Drawn last to first: the winners on top.
      names.sort((a, b) => lookOf(data.outcomes[b].name).size - lookOf(data.outcomes[a].name).size);
      const datasets = names.map((id) => {
        const look = lookOf(data.outcomes[id].name);
        const points = [];
        data.scatter.outcome.forEach((outcome, i) => {
          if (outcome === id) points.push({x: data.scatter.press[i], y: data.scatter.ms[i]});
        });
        return {
          label: data.outcomes[id].label, data: points, pointStyle: look.shape, radius: look.size,
          borderColor: colour(look.colour), backgroundColor: colour(look.colour),
          borderWidth: look.size > 4 ? 2 : 1, clip: 12,
        };
      });
      return base(colour, 'scatter', datasets,
                  axis(colour, say('press number', '누른 순번'), {type: 'linear', min: 0, max: data.requests}),
                  axis(colour, say('ms until the outcome was known', '결과까지 걸린 ms'), {beginAtZero: true, grace: '5%'}), byShape, true);
    };
    const last = data.fairness.last_winner_rank;
    const caption = last === 0 ? say('Nobody bought.', '구매한 사람이 없습니다.') : say(
      `The last winner pressed as number ${number(last)} of ${number(data.requests)}.`,
      `마지막 당첨자의 순번은 ${number(data.requests)}명 중 ${number(last)}번입니다.`);
    const enough = data.fairness.first >= data.fairness.eligible;
    return section(
      say('Who won, against the order of press', '누른 순서와 결과'),
      enough ? say('There was enough for everybody who could be served, so winners may stand anywhere.',
                   '자격이 있는 모두에게 돌아갈 수 있었으므로 당첨자는 어디에나 있을 수 있습니다.')
             : say('If it was first come, first served, every diamond stands left of all who were refused.',
                   '선착순이 지켜졌다면 모든 마름모가 거절된 사람들보다 왼쪽에 있습니다.'),
      chart(say('Who won', '당첨자'), caption, false, config));
  }

  function latency() {
    // The x axis counts nines: 1 - share on a logarithmic scale, turned round.
    const labels = {0: '0 %', 1: '90 %', 2: '99 %', 3: '99.9 %', 4: '99.99 %', 5: '99.999 %'};
    const nines = data.percentiles.share.map((share) => -Math.log10(1 - share));
    const lines = [
      [say('First answer', '첫 응답'), data.percentiles.first, '--c1', [], 'circle'],
      [say('First answer, from when it was due', '첫 응답 (예정 시각 기준)'), data.percentiles.corrected, '--c2', [8, 4], 'triangle'],
      [say('Final state', '최종 상태'), data.percentiles.final, '--c3', [2, 3], 'rect'],
    ];
    const config = (colour) => {
      const datasets = lines.map(([label, values, name, dash, shape]) => ({
        label, borderColor: colour(name), backgroundColor: colour(name), borderDash: dash, borderWidth: 2, clip: 12,
        pointStyle: shape,
        pointRadius: values.map((_, i) => (i % 6 === 0 ? 4 : 0)),
        data: values.map((value, i) => ({x: nines[i], y: value})),
      }));
      // The ends of the scale are whole nines.
      const x = axis(colour, say('share of the requests that took no longer', '이 시간 안에 끝난 요청의 비율'),
                     {type: 'linear', min: 0, max: Math.ceil(nines[nines.length - 1] - 0.01)});
      x.afterBuildTicks = (scale) => { scale.ticks = scale.ticks.filter((t) => Number.isInteger(t.value)); };
      x.ticks.stepSize = 1;
      x.ticks.callback = (value) => labels[value] ?? '';
      return base(colour, 'line', datasets, x, axis(colour, 'ms', {beginAtZero: true, grace: '5%'}), byShape);
    };
    return section(
      say('How long it took', '응답 시간'),
      say('At 99 % stands the time within which 99 of 100 requests were done. Every request with an outcome counts.',
          '99 % 자리의 값은 요청 100개 중 99개가 끝난 시간입니다. 결과가 있는 모든 요청이 들어 있습니다.'),
      chart(say('Latency', '응답 시간'), '', false, config), latencyTable());
  }

  function overTime() {
    const end = data.seconds_total * 1000;
    const time = (colour, title) => axis(colour, title, {type: 'linear', min: 0, max: end});
    const points = (x, y) => x.map((at, i) => ({x: at, y: y[i]}));
    const line = (colour, label, x, y, name, extra = {}) => ({
      label, data: points(x, y), borderColor: colour(name), backgroundColor: colour(name),
      borderWidth: 2, pointRadius: 0, pointStyle: sample(colour(name), extra.borderDash ?? []), ...extra,
    });
    const stock = data.stock_curve;
    const lines = {server: ['--c1', {borderDash: []}], redis: ['--c4', {borderDash: [2, 3]}],
                   tool: ['--c2', {borderDash: [8, 4]}]};
    const drawings = [
      [say('Units', '재고'), (colour) => [
        line(colour, say('available', '판매 가능'), stock.ms, stock.available, '--c3', {stepped: true, borderDash: [2, 3]}),
        line(colour, say('held', '결제 대기'), stock.ms, stock.held, '--c2', {stepped: true, borderDash: [8, 4]}),
        line(colour, say('sold', '판매됨'), stock.ms, stock.sold, '--c1', {stepped: true}),
      ]],
      [say('Waiting in the line', '대기 줄'), (colour) => [
        line(colour, say('waiting', '대기'), stock.ms, stock.waiting, '--c4', {stepped: true, fill: true, backgroundColor: colour('--c4') + '33'}),
      ]],
      [say(`Answers per ${number(data.answers.bin_ms, data.answers.bin_ms < 10 ? 1 : 0)} ms`,
           `${number(data.answers.bin_ms, data.answers.bin_ms < 10 ? 1 : 0)} ms당 응답`), (colour) => [
        line(colour, say('answers', '응답'), data.answers.ms, data.answers.count, '--c3', {stepped: 'middle', fill: true, backgroundColor: colour('--c3') + '33'}),
      ]],
      [say('CPU, % of one core', 'CPU (코어 하나 기준 %)'), (colour) => data.cpu.map((curve) =>
        line(colour, curve.who, curve.ms, curve.percent, ...lines[curve.id]))],
    ];
    const parts = drawings.flatMap(([title, datasets], i) => [
      make('p', 'small', title),
      chart(title, '', true, (colour) => {
        const sets = datasets(colour);
        const last = i === drawings.length - 1;
        return base(colour, 'line', sets, time(colour, last ? say('ms since the first press', '첫 누름 이후 ms') : ''),
                    axis(colour, '', {beginAtZero: true, grace: '8%', afterFit: (scale) => { scale.width = 52; }}), byDash, last);
      })]);
    return section(say('Over time', '시간에 따른 변화'), '', ...parts);
  }

  // ---- the page ------------------------------------------------------------------------------

  page.append(header(), verdict(), tiles(), strip(),
              make('div', 'two', outcomes(), fairness()),
              winners(), latency(), overTime(), resources(), details());

  function draw() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    for (const drawChart of charts) drawChart(colour);
  }
  Chart.defaults.font.family = getComputedStyle(document.documentElement).fontFamily;
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  // Paper is white whatever the screen is.
  matchMedia('print').addEventListener('change', draw);
})();
