// Draws the comparison from the data beside it; report_common.js and comparison_charts.js stand
// before it.
(() => {
  'use strict';

  const data = JSON.parse(document.getElementById('data').textContent);
  const parts = reportParts(data);
  const {say, number, make, section} = parts;
  /** A mean that is a whole number is shown as one. */
  const count = (value) => number(value, Math.abs(value - Math.round(value)) < 1e-9 ? 0 : 1);
  const percent = (value) => (value === null ? '–' : `${value < 0 ? '−' : '+'}${number(Math.abs(value), 2)} %`);
  const cases = data.cases.filter((one) => one.runs.length > 0);

  const row = (className, cells) => make('tr', className, ...cells);
  const cell = (text, className = '') => make('td', className, text);
  const heads = (texts) => make('thead', '', row('', texts.map((text) => make('th', '', text))));
  const tableOf = (head, rows) =>
    make('div', 'wide', make('table', 'results', heads(head), make('tbody', '', ...rows)));

  function header() {
    const facts = [
      say(`${number(data.requests)} buyers for ${number(data.stock)} units`, `${number(data.requests)}명, 재고 ${number(data.stock)}개`),
      data.connections,
      ...(data.gateways > 1 ? [say(`${data.gateways} gateways`, `게이트웨이 ${data.gateways}개`)] : []),
      say(`${number(data.entry_failure * 100)} % leave, ${number(data.payment_failure * 100)} % of payments fail`,
          `${number(data.entry_failure * 100)} % 입장 포기, ${number(data.payment_failure * 100)} % 결제 실패`),
      say(`a payment takes ${number(data.payment_delay_ms)} ms`, `결제 시간 ${number(data.payment_delay_ms)} ms`),
      say(`${data.runs} ${data.runs === 1 ? 'run' : 'runs'} each`, `${data.runs}회씩`), parts.started(),
    ];
    return make('header', '', make('h1', '', say('From a lock to a line', '락에서 줄로')),
                make('p', 'soft', facts.join(' · ')));
  }

  // ---- tables --------------------------------------------------------------------------------

  const shown = data.outcomes.map((outcome, i) => ({...outcome, i}))
    .filter((o) => o.always || cases.some((one) => one.means.outcomes[o.i] > 0));
  const alarming = new Set(['stranded', 'wrong_buyer', 'error', 'refused_early']);

  function figures(className, name, run, values) {
    const counts = shown.map((o) => {
      const value = values.outcomes[o.i];
      return cell(count(value), value === 0 ? 'zero' : alarming.has(o.name) ? 'bad' : '');
    });
    return row(className, [
      cell(name), cell(run), ...counts, cell(`${number(values.seconds, 3)} s`),
      cell(`${number(values.average_ms, 3)} ms`), cell(`${number(values.answered_ms, 3)} ms`),
      cell(values.tps === null ? '–' : number(values.tps, 1)),
    ]);
  }
  function changeRow(change) {
    const words = cell(say(`vs ${change.from}`, `${change.from} 대비`));
    words.colSpan = shown.length + 1;
    words.style.textAlign = 'left';
    return row('change', [cell(''), words, cell(percent(change.seconds)), cell(percent(change.average)),
                          cell(''), cell(percent(change.tps))]);
  }
  function caseRows(one) {
    const reason = (name) => {
      const words = cell(one.unavailable, 'words');
      words.colSpan = shown.length + 5;
      return row(name ? 'case' : '', [cell(name), words]);
    };
    if (one.runs.length === 0) return [reason(one.strategy)];
    const rows = one.runs.map((run, i) => figures(
      i === 0 ? 'case' : '', i === 0 ? one.strategy : '',
      say(`run ${i + 1}`, `${i + 1}회`) + (run.over_limit ? ' *' : ''), run.figures));
    if (one.runs.length > 1) rows.push(figures('mean', '', say('mean', '평균'), one.means));
    if (one.unavailable) rows.push(reason(''));
    return [...rows, ...one.changes.map(changeRow)];
  }

  function results() {
    const limited = cases.some((one) => one.runs.some((run) => run.over_limit));
    const note = say(
      `* The worker of queue takes one order a second. Its run is ended after ${number(data.queue_seconds)} s: who is still in the queue then is stranded, the average is that of those with a final state, and TPS counts answers, not sales.`,
      `* queue는 1초에 주문 하나를 처리합니다. 시험을 ${number(data.queue_seconds)}초 뒤에 끝내며, 그때 대기열에 있는 사람은 미완료입니다. 평균은 결과가 있는 사람만의 값이고 TPS는 판매가 아니라 응답의 수입니다.`);
    return section(
      say('What became of the buyers, and how fast', '결과와 속도'), '',
      tableOf([say('case', '설계'), '', ...shown.map((o) => o.label), say('total', '총 시간'),
               say('average, payment included', '평균 (결제 포함)'), say('average to the first answer', '첫 응답 평균'), 'TPS'],
              data.cases.flatMap(caseRows)),
      ...data.write_back_notes.map((words) => make('p', 'small soft', words)),
      limited ? make('p', 'small soft', note) : null);
  }

  function fairness() {
    const several = data.gateways > 1;
    const rows = cases.map(({strategy, means}) => row('', [
      cell(strategy), cell(`${number(means.accuracy * 100, 1)} %`, means.accuracy < 1 ? 'bad' : 'good'),
      cell(count(means.inversions), means.inversions > 0 ? 'bad' : 'good'),
      ...(several ? [cell(count(means.same_gateway), means.same_gateway > 0 ? 'bad' : 'good')] : []),
      cell(count(means.last_winner_rank)), cell(count(means.fair_last_rank)),
      cell(count(means.oversold), means.oversold > 0 ? 'bad' : ''), cell(count(means.recorded_sold)),
      cell(count(Math.max(means.units_missing, 0)), means.units_missing > 0 ? 'bad' : 'zero'),
      cell(count(Math.max(-means.units_missing, 0)), means.units_missing < 0 ? 'bad' : 'zero'),
    ]));
    return section(
      say('Was it first come, first served, and do the books agree?', '선착순과 재고'),
      say('Means over the runs. Two presses are compared only when one was wholly sent before the other was begun. Lost and invented: units that available, held and sold do not account for at the end.',
          '시험의 평균입니다. 한쪽이 완전히 전송된 뒤에 다른 쪽이 시작된 경우만 비교합니다. 사라지거나 생겨난 재고는 끝났을 때 합이 맞지 않는 수량입니다.'),
      tableOf([say('case', '설계'), say('first-come accuracy', '선착순 정확도'), say('overtaken pairs', '역전된 쌍'),
               ...(several ? [say('… at the same gateway', '… 같은 게이트웨이')] : []),
               say('press of the last winner', '마지막 당첨자의 순번'), say('should be', '마땅한 순번'),
               say('oversold', '초과 판매'), say('recorded as sold', '판매 기록'), say('units lost', '사라진 재고'),
               say('units invented', '생겨난 재고')], rows),
      ...data.gateway_notes.map((note) => make('p', 'small soft', note)));
  }

  function costTable() {
    const rows = cases.flatMap((one) => one.means.usage.map((u, i) => row(i === 0 ? 'case' : '', [
      cell(i === 0 ? one.strategy : ''), cell(u.who), cell(`${number(u.cpu_seconds, 3)} s`),
      cell(`${number(u.cpu_mean)} %`), cell(`${number(u.cpu_peak)} %`), cell(`${number(u.rss_mean, 1)} MiB`),
      cell(`${number(u.rss_mib, 1)} MiB`), cell(`${number(u.rss_share, 2)} %`)])));
    return tableOf([say('case', '설계'), '', say('CPU in total', 'CPU 합계'), say('CPU, mean', 'CPU 평균'),
                    say('CPU, peak of 100 ms', 'CPU 최대 (100 ms)'), say('memory, mean', '메모리 평균'),
                    say('memory, peak', '메모리 최대'), say('… of the machine', '… 전체 대비')], rows);
  }

  function verdicts() {
    const articles = cases.map((one) => {
      const held = one.findings.length === 0;
      const body = held ? make('p', 'small', one.held)
                        : make('ul', '', ...one.findings.map((text) => make('li', '', text)));
      const title = held ? `${one.strategy} ✓`
        : one.promises ? `${one.strategy}: ${say('a promise was broken', '지켜지지 않은 약속')}`
                       : `${one.strategy}: ${say('what went wrong', '드러난 문제')}`;
      return make('article', held ? 'held' : one.promises ? 'broken' : 'found', make('h3', '', title), body);
    });
    return section(
      say('What each of them does wrong', '설계별로 드러난 문제'),
      say('The designs of the shop are measured as they were described, mistakes included. Only redis and engine promise anything.',
          '상점의 설계는 설명된 그대로, 문제까지 포함해 측정합니다. 약속을 하는 것은 redis와 engine뿐입니다.'),
      make('div', 'verdicts', ...articles));
  }

  function published() {
    const rows = data.published.map((p) => row('', [
      cell(p.strategy), cell(`${number(p.seconds, 8)} s`), cell(`${number(p.average, 10)} s`), cell(number(p.tps, 2))]));
    const change = data.published_change;
    rows.push(row('mean', [cell(say('change', '변화')), cell(percent(change.seconds)), cell(percent(change.average)),
                           cell(percent(change.tps))]));
    return section(
      say('What the shop published', '상점이 공개한 값'),
      say('For reference: from another machine, network and tool, so only the changes may be held beside those above.',
          '다른 컴퓨터와 도구에서 잰 값이므로 변화율만 참고할 수 있습니다.'),
      tableOf([say('case', '설계'), say('total', '총 시간'), say('average', '평균 시간'), 'TPS'], rows));
  }

  function details() {
    const list = make('dl', '');
    for (const [label, value] of [
      [say('Processor', '프로세서'), `${data.cpu} × ${data.cores}`], [say('Kernel', '커널'), data.kernel],
      [say('Memory', '메모리'), `${number(data.memory_gib, 1)} GiB`], [say('Seed of the draw', '난수 시드'), String(data.seed)],
    ]) list.append(make('dt', '', label), make('dd', '', value));
    return section(say('How it was measured', '측정 조건'),
                   say('Server, Redis and test tool share this machine. Each run has a server and a Redis of its own; the runs take turns, round by round.',
                       '서버, Redis, 시험 도구가 한 컴퓨터를 씁니다. 시험마다 서버와 Redis를 새로 띄우고, 차례대로 돌아가며 잽니다.'), list);
  }

  const page = document.getElementById('report');
  const charts = comparisonCharts(data, cases, parts);
  page.replaceChildren(header(), verdicts(), results(), charts.time(), fairness(), charts.winners(), charts.latency(),
                       charts.cost(costTable()), published(), details());
  parts.show();
})();
