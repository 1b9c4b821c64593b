// <usage-chart>: draws a specification with ECharts on a canvas. Tooltips are drawn there too, so no text becomes markup.

let library;
const echarts = () => (library ??= import('./echarts.esm.min.js'));

const dark = matchMedia('(prefers-color-scheme: dark)');
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Below, the names of seven steps do not stand next to each other. */
const NARROW_PIXELS = 480;

/**
 * A specification: kind (bars, stacked; lines; or waterfall, from the first value to the last by those between), labels of the buckets, series of {name, values, color?, marked?}, partial (which
 * buckets are incomplete), format (of a value) axis (of the axis' values), and most, which no value exceeds.
 */
function optionOf(spec, width) {
  const ink = css('--muted');
  const rule = css('--rule');
  const bars = spec.kind === 'bars';
  const many = spec.series.length > 1;
  return {
    animation: false,
    textStyle: { fontFamily: css('--font'), color: ink },
    grid: { left: 4, right: 28, top: many ? 40 : 14, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: many
      ? { type: 'scroll', top: 0, left: 0, icon: 'roundRect', itemWidth: 12, itemHeight: 12, textStyle: { color: css('--ink') },
          pageTextStyle: { color: ink }, pageIconColor: ink, pageIconInactiveColor: rule }
      : { show: false },
    tooltip: {
      ...(spec.kind === 'waterfall' && { formatter: ([{ dataIndex: i }]) => `${spec.labels[i]}: ${spec.format(spec.series[0].values[i])}` }),
      trigger: 'axis', renderMode: 'richText', confine: true, axisPointer: { type: bars ? 'shadow' : 'line' },
      backgroundColor: css('--card'), borderColor: rule, textStyle: { color: css('--ink') }, valueFormatter: value => spec.format(value),
    },
    xAxis: {
      type: 'category', data: spec.labels, axisTick: { show: false, interval: 0 }, axisLine: { lineStyle: { color: rule } },
      axisLabel: {
        color: ink,
        ...(spec.kind !== 'waterfall' ? { hideOverlap: true }
          : width < NARROW_PIXELS ? { interval: 0, rotate: 60 } : { interval: 0, width: 62, lineHeight: 15, overflow: 'break' }),
      },
    },
    yAxis: {
      type: 'value', splitNumber: 4, minInterval: spec.whole ? 1 : 0, max: ({ max }) => (spec.most && max > spec.most * 0.8 ? spec.most : null),
      axisLabel: { color: ink, formatter: value => spec.axis(value) }, splitLine: { lineStyle: { color: rule } },
    },
    series: spec.kind === 'waterfall' ? [steps(spec.series[0].values)] : [
      ...spec.series.map((one, index) => {
        const color = css(one.color ?? `--series-${(index % 8) + 1}`);
        return bars ? bar(one, color) : line(one, color, spec);
      }),
      ...(bars ? [pale(spec)] : []),
    ],
  };
}

/** From this many buckets on, a series is drawn as one path: an element per bar would block the page six times as long. */
const LARGE = 100;

const bar = ({ name, values }, color) => ({
  name, type: 'bar', stack: 'all', barMaxWidth: 36, large: true, largeThreshold: LARGE, itemStyle: { color }, data: values,
});

/** A veil over the incomplete buckets, as bars of one path have one colour. */
const pale = ({ partial }) => ({
  type: 'bar', stack: 'all', data: [], tooltip: { show: false },
  markArea: {
    silent: true, z: 5, itemStyle: { color: css('--card'), opacity: 0.55 },
    data: partial.flatMap((is, i) => (is ? [[{ xAxis: i }, { xAxis: i }]] : [])),
  },
});

const isKnown = value => value !== null && value !== undefined;

/** A value without neighbours has no line that would show it. */
const line = ({ name, values, marked = [] }, color, { partial }) => ({
  name, type: 'line', showAllSymbol: true, symbol: 'circle', symbolSize: values.length > 60 ? 2 : 5,
  lineStyle: { width: 2, color }, itemStyle: { color },
  data: values.map((value, i) => {
    if (marked[i]) return { value, symbol: 'pin', symbolSize: 26 };
    if (isKnown(value) && !partial[i] && !isKnown(values[i - 1]) && !isKnown(values[i + 1])) return { value, symbolSize: 6 };
    return partial[i] ? { value, symbolSize: 10, itemStyle: { color: css('--card'), borderColor: color, borderWidth: 2 } } : value;
  }),
});

/** Boxes from one sum to the next; the first and the last begin at zero. */
function steps(values) {
  const last = values.length - 1;
  let sum = 0;
  return {
    type: 'candlestick', barMaxWidth: 60,
    data: values.map((value, i) => {
      const from = i === 0 || i === last ? 0 : sum;
      sum = from + value;
      const color = css(i === 0 || i === last ? '--series-1' : value < 0 ? '--series-3' : '--series-2');
      return {
        value: [from, sum, Math.min(from, sum), Math.max(from, sum)],
        itemStyle: { color, color0: color, borderColor: color, borderColor0: color },
      };
    }),
  };
}

/** Less is a click. */
const DRAG_PIXELS = 5;
const isDrag = (from, to) => Math.abs(to - from) >= DRAG_PIXELS;

let turn = Promise.resolve();

/** Each chart is drawn in a task of its own, so that the page reacts in between. */
const inTurn = () => (turn = turn.then(() => new Promise(resolve => setTimeout(resolve))));

class UsageChart extends HTMLElement {
  #chart = null;
  #spec = null;
  #sizes = new ResizeObserver(() => this.#chart?.resize());
  #draw = async () => {
    const { init } = await echarts();
    await inTurn();
    if (!this.isConnected || !this.#spec) return;
    this.#chart ??= init(this);
    this.#chart.setOption(optionOf(this.#spec, this.clientWidth), true);
    this.dataset.drawn = this.#spec.labels.length;
  };

  /** Called with the first and the last bucket over which the viewer has dragged; null where that means nothing. */
  dragged = null;

  constructor() {
    super();
    let from = null;
    const place = event => event.clientX - this.getBoundingClientRect().left;
    const bucketAt = x => Math.min(Math.max(this.#chart.convertFromPixel({ xAxisIndex: 0 }, x), 0), this.#spec.labels.length - 1);
    const windowTo = x => {
      const [first, last] = [bucketAt(from), bucketAt(x)].sort((a, b) => a - b);
      return { first, last };
    };
    this.addEventListener('pointerdown', event => {
      from = this.dragged && this.#chart && event.button === 0 ? place(event) : null;
    });
    this.addEventListener('pointermove', event => {
      if (from !== null && isDrag(from, place(event))) this.#mark(windowTo(place(event)));
    });
    this.addEventListener('pointercancel', () => {
      from = null;
    });
    this.addEventListener('pointerup', event => {
      if (from !== null && isDrag(from, place(event))) this.dragged(windowTo(place(event)));
      from = null;
    });
  }

  #mark({ first, last }) {
    this.#chart.setOption({
      series: [{ markArea: { silent: true, itemStyle: { color: css('--accent'), opacity: 0.15 }, data: [[{ xAxis: first }, { xAxis: last }]] } }],
    });
  }

  set spec(spec) {
    this.#spec = spec;
    if (this.isConnected) this.#draw();
  }

  connectedCallback() {
    this.#sizes.observe(this);
    dark.addEventListener('change', this.#draw);
    this.#draw();
  }

  disconnectedCallback() {
    this.#sizes.disconnect();
    dark.removeEventListener('change', this.#draw);
    this.#chart?.dispose();
    this.#chart = null;
  }
}

customElements.define('usage-chart', UsageChart);
