// <usage-chart>: draws a specification with ECharts on a canvas. Tooltips are drawn there too, so no text becomes markup.

let library;
const echarts = () => (library ??= import('./echarts.esm.min.js'));

const dark = matchMedia('(prefers-color-scheme: dark)');
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * A specification: kind (bars, stacked, or lines), labels of the buckets, series of {name, values, color?, marked?}, partial (which
 * buckets are incomplete), format (of a value) and axis (of the axis' values).
 */
function optionOf(spec) {
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
      trigger: 'axis', renderMode: 'richText', confine: true, axisPointer: { type: bars ? 'shadow' : 'line' },
      backgroundColor: css('--card'), borderColor: rule, textStyle: { color: css('--ink') }, valueFormatter: value => spec.format(value),
    },
    xAxis: {
      type: 'category', data: spec.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: rule } },
      axisLabel: { color: ink, hideOverlap: true },
    },
    yAxis: {
      type: 'value', splitNumber: 4, minInterval: spec.whole ? 1 : 0,
      axisLabel: { color: ink, formatter: value => spec.axis(value) }, splitLine: { lineStyle: { color: rule } },
    },
    series: spec.series.map((one, index) => {
      const color = css(one.color ?? `--series-${(index % 8) + 1}`);
      return bars ? bar(one, color, spec) : line(one, color, spec);
    }),
  };
}

const bar = ({ name, values }, color, { partial }) => ({
  name, type: 'bar', stack: 'all', barMaxWidth: 36, itemStyle: { color },
  data: values.map((value, i) => (partial[i] ? { value, itemStyle: { color, opacity: 0.45 } } : value)),
});

const line = ({ name, values, marked = [] }, color, { partial }) => ({
  name, type: 'line', showAllSymbol: true, symbol: 'circle', symbolSize: values.length > 60 ? 2 : 5,
  lineStyle: { width: 2, color }, itemStyle: { color },
  data: values.map((value, i) => {
    if (marked[i]) return { value, symbol: 'pin', symbolSize: 26 };
    return partial[i] ? { value, symbolSize: 10, itemStyle: { color: css('--card'), borderColor: color, borderWidth: 2 } } : value;
  }),
});

class UsageChart extends HTMLElement {
  #chart = null;
  #spec = null;
  #sizes = new ResizeObserver(() => this.#chart?.resize());
  #draw = async () => {
    const { init } = await echarts();
    if (!this.isConnected || !this.#spec) return;
    this.#chart ??= init(this);
    this.#chart.setOption(optionOf(this.#spec), true);
    this.dataset.drawn = this.#spec.labels.length;
  };

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
