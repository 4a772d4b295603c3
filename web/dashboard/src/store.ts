/** What the page knows of the node, from the stream and from answers. No elements, no clock. */
import {
  type Drain,
  type Events,
  type Node,
  type Room,
  type RoomSummary,
  type Worker,
} from './api.js';
import { type Connection, START } from './connection.js';
import { allDrops } from './glance.js';
import { Names, type News, isNews, newsOf } from './news.js';
import { Growth, Series } from './series.js';

const NEWS_MAX = 200;
const MINUTE_S = 60;

/** The lines of the node's charts. */
export interface NodeSeries {
  /** Sent, received [bit/s]. */
  network: Series;
  /** Participants. */
  people: Series;
  /** Each worker, 0 to 1 of a core. */
  cpu: Series;
  /** Packets that this server dropped, since the point before. */
  drops: Series;
}

function newSeries(workers: number): NodeSeries {
  return {
    network: new Series(2),
    people: new Series(1),
    cpu: new Series(workers),
    drops: new Series(1),
  };
}

export class Store {
  connection: Connection = START;
  /** When numbers came last [ms]; null: never. */
  updatedMs: number | null = null;
  node: Node | null = null;
  rooms: RoomSummary[] | null = null;
  workers: Worker[] | null = null;
  drain: Drain | null = null;
  /** When {@link drain} was told [ms]. */
  drainToldMs = 0;
  news: News[] = [];
  series = newSeries(0);
  readonly names = new Names();
  #drops = new Growth();

  /** An event of the stream; one that is not known is ignored. */
  onEvent(name: string, data: unknown, nowMs: number): void {
    if (name === 'rates') this.#onRates(data as Events['rates'], nowMs);
    else if (isNews(name)) this.#onNews(name, data, nowMs);
  }

  /** The workers, and how they do since the last time. */
  onWorkers(node: Node, workers: Worker[], nowMs: number): void {
    if (workers.length !== this.series.cpu.lines.length)
      this.series.cpu = new Series(workers.length);
    this.node ??= node;
    this.workers = workers;
    const atS = nowMs / 1000;
    this.series.cpu.add(
      atS,
      workers.map(({ cpu }) => cpu),
    );
    this.series.drops.add(atS, [this.#drops.add(atS, allDrops(workers))]);
  }

  /** How far a drain is. */
  onDrain(drain: Drain, nowMs: number): void {
    this.drain = drain;
    this.drainToldMs = nowMs;
  }

  /** People of a room: their names stand for their ids in what happens later. */
  onRoom(room: Room): void {
    for (const { id, name } of room.participants) this.names.learn(id, name);
  }

  /** Packets that the node dropped in the last minute; null: not known. */
  get drops(): number | null {
    return this.#drops.over(MINUTE_S);
  }

  /** The time that a drain leaves [ms]; null: there is none. */
  drainLeftMs(nowMs: number): number | null {
    if (!this.drain?.draining || this.drain.deadline_ms === null) return null;
    return Math.max(0, this.drain.deadline_ms - (nowMs - this.drainToldMs));
  }

  #onRates({ node, rooms }: Events['rates'], nowMs: number): void {
    this.node = node;
    this.rooms = rooms;
    this.updatedMs = nowMs;
    this.series.network.add(nowMs / 1000, [node.sent_bps, node.received_bps]);
    this.series.people.add(nowMs / 1000, [node.participants]);
  }

  #onNews(name: Exclude<keyof Events, 'rates'>, data: unknown, nowMs: number): void {
    if (name === 'joined') {
      const { participant } = data as Events['joined'];
      this.names.learn(participant.id, participant.name);
    }
    this.news = [newsOf(name, data as never, nowMs, this.names), ...this.news].slice(0, NEWS_MAX);
    if (name === 'left') this.names.forget((data as Events['left']).id);
    if (name === 'draining') this.onDrain(data as Drain, nowMs);
  }
}
