// The charts of the report. Stands before report.js in the page, which hands over what both use.
const reportCharts = (data, parts, lookOf) => {
  const {say, number, make, section, chart, axis} = parts;

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
      const datasets = parts.outcomePoints(colour, data.scatter, lookOf, 0);
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
      chart(say('Who won', '당첨자'), caption, '', config));
  }

  /** `table` stands below the chart. */
  function latency(table) {
    const nines = parts.nines(data.percentiles.share);
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
      const x = parts.ninesAxis(colour, nines[nines.length - 1]);
      return base(colour, 'line', datasets, x, axis(colour, 'ms', {beginAtZero: true, grace: '5%'}), byShape);
    };
    return section(
      say('How long it took', '응답 시간'),
      say('At 99 % stands the time within which 99 of 100 requests were done. Every request with an outcome counts.',
          '99 % 자리의 값은 요청 100개 중 99개가 끝난 시간입니다. 결과가 있는 모든 요청이 들어 있습니다.'),
      chart(say('Latency', '응답 시간'), '', '', config), table);
  }

  function overTime() {
    const end = Math.ceil(data.seconds_total * 1000);
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
    const figures = drawings.flatMap(([title, datasets], i) => [
      make('p', 'small', title),
      chart(title, '', 'low', (colour) => {
        const sets = datasets(colour);
        const last = i === drawings.length - 1;
        return base(colour, 'line', sets, time(colour, last ? say('ms since the first press', '첫 누름 이후 ms') : ''),
                    axis(colour, '', {beginAtZero: true, grace: '8%', afterFit: (scale) => { scale.width = 52; }}), byDash, last);
      })]);
    return section(say('Over time', '시간에 따른 변화'), '', ...figures);
  }

  return {winners, latency, overTime};
};
