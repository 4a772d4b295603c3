/**
 * A chart of the last minutes with its text: each line's value now, its least and its most stand in the legend, which says
 * all that a screen reader needs; the drawing itself is hidden from it. Lines differ in dashes as well as in colour.
 */
import uPlot from 'uplot';
import { make, setText } from '../../meet/src/dom.js';
import { type Lines, rangeOf } from './series.js';
import { UNKNOWN, clock } from './units.js';

const HEIGHT_PX = 170;
/** The first seconds of a line shall not be stretched over the whole chart. */
const LEAST_SPAN_S = 60;
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 4], [14, 4]];
export const LINES_MAX = DASHES.length;

export interface ChartOptions {
  title: string;
  /** Of the axis: what a value is multiplied with to be drawn, and the unit then. */
  unit: string;
  scale: number;
  /** The axis reaches at least so far, in its unit: noise around zero shall not look like mountains. */
  least: number;
  lines: string[];
  /** A value in words, with its unit. */
  words: (value: number | null) => string;
}

interface LegendEntry {
  now: HTMLElement;
  range: HTMLElement;
}

const css = (name: string) => getComputedStyle(document.body).getPropertyValue(name).trim();

export class Chart {
  readonly element: HTMLElement;
  #plot: uPlot;
  #legend: LegendEntry[] = [];
  #moment: HTMLElement;
  #series: Lines | null = null;
  #resizes: ResizeObserver;

  constructor(readonly options: ChartOptions) {
    const holder = make('div', 'plot');
    holder.setAttribute('aria-hidden', 'true');
    const title = make('h3', '', options.title, make('span', 'unit', ` ${options.unit}`));
    this.#moment = make('span', 'moment', 'now');
    const list = make('ul', 'legend');
    list.append(...options.lines.map((line, index) => this.#legendEntry(line, index)));
    const caption = make('figcaption', '', title, this.#moment);
    this.element = make('figure', 'chart', caption, holder, list);
    this.#plot = new uPlot(this.#plotOptions(), [[], ...options.lines.map(() => [])], holder);
    this.#resizes = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0) this.#plot.setSize({ width, height: HEIGHT_PX });
    });
    this.#resizes.observe(holder);
  }

  /** Show these; null: nothing is known yet. */
  draw(series: Lines | null): void {
    this.#series = series;
    const { scale } = this.options;
    const lines = series?.lines ?? this.options.lines.map(() => []);
    const scaled = lines.map((line) =>
      line.map((value) => (value === null ? null : value * scale)),
    );
    this.#plot.setData([[...(series?.times ?? [])], ...scaled]);
    this.#fillLegend();
  }

  dispose(): void {
    this.#resizes.disconnect();
    this.#plot.destroy();
    this.element.remove();
  }

  #legendEntry(line: string, index: number): HTMLElement {
    const sample = make('span', `sample sample-${index}`);
    const entry = { now: make('b', '', UNKNOWN), range: make('span', 'range') };
    this.#legend.push(entry);
    const separators = [': ', '; in these minutes '].map((text) => make('span', 'unseen', text));
    const [colon = '', semicolon = ''] = separators;
    return make('li', '', sample, line, colon, entry.now, semicolon, entry.range);
  }

  /** The values under the pointer, or those of now. */
  #fillLegend(): void {
    const { words } = this.options;
    const at = this.#plot.cursor.idx ?? null;
    const atS = at === null ? undefined : this.#series?.times[at];
    setText(this.#moment, atS === undefined ? 'now' : `at ${clock(atS * 1000)}`);
    this.#legend.forEach(({ now, range }, index) => {
      const line = this.#series?.lines[index] ?? [];
      const { now: value, least, most } = rangeOf(line);
      setText(now, words(atS === undefined || at === null ? value : (line[at] ?? null)));
      setText(range, least === null ? '' : `${words(least)} to ${words(most)}`);
    });
  }

  /** The times of the axis, whose end is now [s]. */
  #span(): [number, number] {
    const times = this.#series?.times ?? [];
    const to = times.at(-1) ?? Date.now() / 1000;
    return [Math.min(times[0] ?? to, to - LEAST_SPAN_S), to];
  }

  #plotOptions(): uPlot.Options {
    const axis: uPlot.Axis = {
      stroke: () => css('--quiet'),
      grid: { stroke: () => css('--line'), width: 1 },
      ticks: { stroke: () => css('--line'), width: 1, size: 4 },
      font: '12px system-ui, sans-serif',
    };
    return {
      width: 320,
      height: HEIGHT_PX,
      legend: { show: false },
      padding: [10, 24, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      hooks: { setCursor: [() => this.#fillLegend()] },
      scales: {
        x: { time: true, range: () => this.#span() },
        y: { range: (_plot, _least, most) => [0, Math.max(this.options.least, (most ?? 0) * 1.1)] },
      },
      axes: [
        { ...axis, space: 60, size: 26, values: (_plot, splits) => splits.map((at) => minute(at)) },
        { ...axis, size: 46, values: (_plot, splits) => splits.map((v) => String(+v.toFixed(3))) },
      ],
      series: [
        {},
        ...this.options.lines.map((label, index) => ({
          label,
          stroke: () => css(`--line-${index}`),
          width: 2,
          dash: DASHES[index] ?? [],
          points: { show: false },
        })),
      ],
    };
  }
}

/** Hours and minutes, and seconds only where they are not whole. */
function minute(atS: number): string {
  const time = clock(atS * 1000);
  return time.endsWith(':00') ? time.slice(0, -3) : time;
}
