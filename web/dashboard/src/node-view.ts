/** The node, drawn: its charts, its workers, what happened, and the drain. */
import { byId, make, setText } from '../../meet/src/dom.js';
import { type Node, type Worker } from './api.js';
import { Chart, LINES_MAX } from './chart.js';
import { dropsOf } from './glance.js';
import { NewsList } from './news-list.js';
import { Rows } from './rows.js';
import { type Store } from './store.js';
import { UNKNOWN, bitrate, count, counted, duration, milliseconds, share } from './units.js';

interface IndexedWorker {
  index: number;
  worker: Worker;
}

/** The server says -1 where it has no samples. */
const delay = (us: number) => milliseconds(us < 0 ? null : us);

function workerTexts({ worker }: IndexedWorker): string[] {
  return [
    share(worker.cpu),
    count(worker.participants),
    bitrate(worker.sent_bps),
    bitrate(worker.received_bps),
    delay(worker.delay_us.p50),
    delay(worker.delay_us.p99),
    count(dropsOf(worker)),
    String(worker.udp_port),
  ];
}

function makeWorkerRow({ index, worker }: IndexedWorker): HTMLTableRowElement {
  const heading = make('th', '', `Worker ${index}`);
  heading.scope = 'row';
  const cells = workerTexts({ index, worker }).map(() => make('td', 'number'));
  return make('tr', '', heading, ...cells);
}

export class NodeView {
  #network: Chart;
  #people: Chart;
  #drops: Chart;
  #cpu: Chart | null = null;
  #charts = byId('node-charts', HTMLElement);
  #news = new NewsList(byId('news', HTMLElement), false);
  #workers: Rows<IndexedWorker>;

  constructor() {
    this.#network = new Chart({
      title: 'Network',
      unit: 'Mbit/s',
      scale: 1e-6,
      least: 1,
      lines: ['Sent', 'Received'],
      words: bitrate,
    });
    this.#people = new Chart({
      title: 'Participants',
      unit: '',
      scale: 1,
      least: 5,
      lines: ['On the node'],
      words: count,
    });
    this.#drops = new Chart({
      title: 'Packets dropped',
      unit: 'every 2 s',
      scale: 1,
      least: 10,
      lines: ['By this server'],
      words: count,
    });
    this.#charts.append(this.#network.element, this.#people.element, this.#drops.element);
    const [body] = byId('workers', HTMLTableElement).tBodies;
    if (!body) throw new Error('index.html: #workers has no body');
    this.#workers = new Rows(body, {
      key: ({ index }) => String(index),
      make: makeWorkerRow,
      fill: (row, indexed) =>
        workerTexts(indexed).forEach((text, i) => {
          const cell = row.cells[i + 1];
          if (cell) setText(cell, text);
        }),
    });
  }

  draw(store: Store): void {
    const { node, workers, series } = store;
    if (node) this.#drawTotals(node);
    this.#network.draw(series.network);
    this.#people.draw(series.people);
    this.#drops.draw(series.drops);
    if (workers) this.#drawWorkers(workers, store);
    this.#news.draw(store.news);
  }

  /** As many lines as there are workers; beyond what dashes can tell apart, the first ones. */
  #drawWorkers(workers: readonly Worker[], { series }: Store): void {
    const shown = Math.min(workers.length, LINES_MAX);
    if (this.#cpu?.options.lines.length !== shown) {
      this.#cpu?.dispose();
      this.#cpu = new Chart({
        title: 'Processor time',
        unit: '% of a core',
        scale: 100,
        least: 10,
        lines: Array.from({ length: shown }, (_, index) => `Worker ${index}`),
        words: share,
      });
      this.#network.element.after(this.#cpu.element);
    }
    this.#cpu.draw({ times: series.cpu.times, lines: series.cpu.lines.slice(0, shown) });
    this.#workers.update(workers.map((worker, index) => ({ index, worker })));
    byId('workers-state', HTMLElement).hidden = true;
  }

  #drawTotals(node: Node): void {
    setText(
      byId('node-about', HTMLElement),
      `Iris ${node.version}, up for ${duration(node.uptime_s)}`,
    );
    const totals: [string, string][] = [
      ['Joins', count(node.joins)],
      ['Refused', count(node.refused_joins)],
      ['Came back', count(node.resumes)],
      ['Left', count(node.leaves)],
      ['Network interface', node.network_bps ? bitrate(node.network_bps) : UNKNOWN],
      ['Limit', node.max_participants ? counted(node.max_participants, 'participant') : 'none'],
    ];
    const list = byId('totals', HTMLElement);
    if (list.children.length === 0) {
      for (const [title] of totals) list.append(make('div', '', make('dt', '', title), make('dd')));
    }
    totals.forEach(([, value], index) => {
      const cell = list.children[index]?.lastElementChild;
      if (cell) setText(cell, value);
    });
  }
}
