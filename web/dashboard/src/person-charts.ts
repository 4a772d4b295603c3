/** The charts of one participant, drawn. */
import { byId, setText } from '../../meet/src/dom.js';
import { Chart } from './chart.js';
import { type PersonSeries } from './room-series.js';
import { bitrate, milliseconds, share } from './units.js';

export class PersonCharts {
  #bitrate = new Chart({
    title: 'Bitrate',
    unit: 'Mbit/s',
    scale: 1e-6,
    least: 0.5,
    lines: ['To them', 'Estimate', 'From them'],
    words: bitrate,
  });
  #loss = new Chart({
    title: 'Loss before repair',
    unit: '%',
    scale: 100,
    least: 5,
    lines: ['To them', 'From them'],
    words: share,
  });
  #rtt = new Chart({
    title: 'Round trip',
    unit: 'ms',
    scale: 1e-3,
    least: 20,
    lines: ['To them and back'],
    words: milliseconds,
  });

  constructor() {
    const charts = [this.#bitrate, this.#loss, this.#rtt].map(({ element }) => element);
    byId('person-charts', HTMLElement).append(...charts);
  }

  draw(name: string, series: PersonSeries | undefined): void {
    setText(byId('person-title', HTMLElement), `${name}, since you look at this room`);
    this.#bitrate.draw(series?.bitrate ?? null);
    this.#loss.draw(series?.loss ?? null);
    this.#rtt.draw(series?.rtt ?? null);
  }
}
