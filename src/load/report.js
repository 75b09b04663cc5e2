// Draws the report from the data beside it; report_common.js and report_charts.js stand before it.
(() => {
  'use strict';

  const data = JSON.parse(document.getElementById('data').textContent);
  const parts = reportParts(data);
  const {say, number, make, section} = parts;
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
    const facts = [
      data.strategy,
      say(`${number(data.requests)} buyers for ${number(data.stock)} units`,
          `${number(data.requests)}명, 재고 ${number(data.stock)}개`),
      data.connections,
      parts.started(),
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
    const blocks = [list(data.details.map((d) => [d.label, d.value]), '')];
    if (data.violations.length > 0) {
      blocks.push(make('h2', '', say('Broken contract', '규약 위반')));
      for (const v of data.violations) {
        blocks.push(make('p', '', `${v.what} (${number(v.count)})`), make('pre', 'soft', v.example));
      }
    }
    return section(say('How it was measured', '측정 조건'), '', ...blocks);
  }

  // ---- the page ------------------------------------------------------------------------------

  const charts = reportCharts(data, parts, lookOf);
  page.append(header(), verdict(), tiles(), strip(),
              make('div', 'two', outcomes(), fairness()),
              charts.winners(), charts.latency(latencyTable()), charts.overTime(), resources(), details());

  parts.show();
})();
