/** What the page knows: facts, news, series, drain; and how it asks. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Node, type Worker } from '../src/api.js';
import { factsOf } from '../src/glance.js';
import { Poller } from '../src/poller.js';
import { Growth, Series, WINDOW_S, rangeOf } from '../src/series.js';
import { Store } from '../src/store.js';
import { objectOf } from './schema.mjs';
import { FakeWorld } from './world.mjs';

const plain = (text: string) => text.replace(/\u202f/g, ' ');
const node = (values: Partial<Node>) => objectOf('Node', values) as Node;
const worker = (values: object) => objectOf('Worker', values) as Worker;

describe('series', () => {
  it('forgets what is older than the window, and moments that do not come later', () => {
    const series = new Series(2);
    for (let atS = 0; atS <= WINDOW_S + 10; atS++) series.add(atS, [atS, null]);
    series.add(WINDOW_S + 10, [0, 0]);
    expect([series.times[0], series.times.at(-1)]).toEqual([10, WINDOW_S + 10]);
    expect(series.lines.map((line) => line.length)).toEqual([WINDOW_S + 1, WINDOW_S + 1]);
    expect(rangeOf(series.lines[0] ?? [])).toEqual({ now: 310, least: 10, most: 310 });
    expect(rangeOf(series.lines[1] ?? [])).toEqual({ now: null, least: null, most: null });
  });

  it('has a hole where a value is not known', () => {
    const series = new Series(1);
    series.add(1, [5]);
    series.add(2, [undefined]);
    expect(series.lines).toEqual([[5, null]]);
  });

  it('has a hole where the server was away', () => {
    const series = new Series(1);
    for (const atS of [1, 11, 22]) series.add(atS, [atS]);
    expect([series.times, series.lines]).toEqual([[1, 11, 12, 22], [[1, 11, null, 22]]]);
  });
});

describe('growth of a counter', () => {
  const steps: [number, number, number | null, number | null][] = [
    // at [s], total, growth since the last, growth in a minute
    [0, 100, null, null],
    [2, 100, 0, 0],
    [4, 107, 7, 7],
    [62, 110, 3, 10],
    [66, 110, 0, 0],
    [68, 4, null, null], // another process
    [70, 5, 1, 1],
  ];

  it('is of the last minute, and begins anew with the process', () => {
    const growth = new Growth();
    for (const [atS, total, since, minute] of steps) {
      expect([atS, growth.add(atS, total), growth.over(60)]).toEqual([atS, since, minute]);
    }
  });
});

describe('the node at a glance', () => {
  const facts = (
    values: Partial<Node>,
    workers: Worker[] | null = null,
    drops: number | null = null,
  ) => new Map(factsOf(node(values), null, workers, drops).map((fact) => [fact.id, fact]));

  it('holds the bitrate against the interface', () => {
    const { value, note, load, isBad } =
      facts({ sent_bps: 9e8, network_bps: 1e9 }).get('sent') ?? {};
    expect([plain(value ?? ''), plain(note ?? ''), load, isBad]).toEqual([
      '900 Mbit/s',
      '90 % of 1.00 Gbit/s',
      0.9,
      true,
    ]);
    expect(facts({ sent_bps: 8e8, network_bps: 1e9 }).get('sent')?.isBad).toBe(false);
  });

  it('divides by nothing that is not there', () => {
    const all = facts({ sent_bps: 5, network_bps: 0, participants: 3, max_participants: 0 });
    expect(all.get('sent')).toMatchObject({ load: null, note: 'the capacity is not known' });
    expect(all.get('participants')).toMatchObject({ load: null, note: 'no limit' });
    expect(all.get('cpu')).toMatchObject({ value: '–', load: null });
  });

  it('shows the busiest worker and what was dropped', () => {
    const workers = [worker({ cpu: 0.2 }), worker({ cpu: 0.86 }), worker({ cpu: null })];
    expect(facts({}, workers, 3).get('cpu')).toMatchObject({ load: 0.86, isBad: true });
    expect(facts({}, workers, 3).get('drops')).toMatchObject({ value: '3', isBad: true });
    expect(facts({}, workers, 0).get('drops')).toMatchObject({ value: '0', isBad: false });
  });
});

describe('the store', () => {
  function told(world: FakeWorld): Store {
    const store = new Store();
    let nowMs = 0;
    world.listeners.add((event, data) => store.onEvent(event, data, (nowMs += 1000)));
    return store;
  }

  it('has the numbers of the last second, and those of the last minutes as lines', () => {
    const world = new FakeWorld({ rooms: 3 });
    const store = told(world);
    world.step();
    world.step();
    expect(store.rooms?.length).toBe(3);
    expect(store.updatedMs).toBe(2000);
    expect(store.series.people.lines).toEqual([[world.joins, world.joins]]);
    expect(store.series.network.times).toEqual([1, 2]);
  });

  it('tells what happened with names, the latest first', () => {
    const world = new FakeWorld({ rooms: 0 });
    const store = told(world);
    world.open('standup', 2);
    const room = world.find('standup');
    if (room) world.end(room);
    store.onEvent(
      'limit',
      { room: 'x', participant: 'p-9', kind: 'camera', limit_bps: 5e5, measured_bps: 9e5 },
      1,
    );
    store.onEvent(
      'worker_overload',
      { worker: 1, overloaded: true, evidence: { name: 'would_block', value: 7 } },
      1,
    );
    store.onEvent(
      'verdict',
      {
        room: 'x',
        participant: 'p-9',
        mid: '4',
        verdict: { quality: 'good', cause: 'none', evidence: null },
      },
      1,
    );
    store.onEvent('of a newer server', { room: 5 }, 1);
    expect(store.news.map(({ words }) => plain(words))).toEqual([
      'p-9, slot 4: good again',
      'Worker 1 is overloaded: would_block 7',
      'p-9 sends too much: camera 900 kbit/s, the contract is 500 kbit/s',
      'The room closed',
      'Grace was removed',
      'Ada was removed',
      'Grace joined',
      'Ada joined',
      'The room opened',
    ]);
  });

  it('counts packets that were dropped, wherever', () => {
    const store = new Store();
    const at = (nowMs: number, values: object) =>
      store.onWorkers(node({}), [worker(values)], nowMs);
    at(0, {});
    at(2000, { would_block: 2, send_errors: 1, missing_buffers: 4, receive_drops: 8 });
    expect(store.drops).toBe(15);
    expect(store.series.drops.lines).toEqual([[null, 15]]);
  });

  it('counts the time that a drain leaves down', () => {
    const world = new FakeWorld({ rooms: 1 });
    const store = told(world);
    expect(store.drainLeftMs(0)).toBe(null);
    world.startDrain(10_000, 0);
    expect([1000, 4000, 99_000].map((nowMs) => store.drainLeftMs(nowMs))).toEqual([
      10_000, 7000, 0,
    ]);
    store.onDrain(new FakeWorld({ rooms: 0 }).drainReport(0), 5000);
    expect(store.drainLeftMs(5000)).toBe(null);
  });
});

describe('asking', () => {
  afterEach(() => vi.useRealTimers());

  function asking(tookMs: number) {
    vi.useFakeTimers();
    const heard: string[] = [];
    let asked = 0;
    const poller = new Poller<number>({
      everyMs: 1000,
      ask: () => new Promise((resolve) => setTimeout(resolve, tookMs, ++asked)),
      onAnswer: (answer) => heard.push(`answer ${answer}`),
      onError: () => heard.push('error'),
    });
    return { poller, heard, asked: () => asked };
  }

  it('rests a second, or four times as long as the answer took', async () => {
    const quick = asking(10);
    quick.poller.start();
    quick.poller.start();
    await vi.advanceTimersByTimeAsync(3000);
    expect(quick.asked()).toBe(3);
    const slow = asking(1000);
    slow.poller.start();
    await vi.advanceTimersByTimeAsync(4999);
    expect(slow.asked()).toBe(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(slow.asked()).toBe(2);
  });

  it('hears nothing of a question from before it stopped', async () => {
    const { poller, heard } = asking(100);
    poller.start();
    await vi.advanceTimersByTimeAsync(50);
    poller.askNow();
    await vi.advanceTimersByTimeAsync(120);
    expect(heard).toEqual(['answer 2']);
    poller.stop();
    poller.askNow();
    await vi.advanceTimersByTimeAsync(9000);
    expect(heard).toEqual(['answer 2']);
  });

  it('goes on after an error', async () => {
    vi.useFakeTimers();
    const ask = vi.fn().mockRejectedValueOnce(new Error('no')).mockResolvedValue(1);
    const heard: string[] = [];
    const poller = new Poller<number>({
      everyMs: 1000,
      ask,
      onAnswer: () => heard.push('answer'),
      onError: () => heard.push('error'),
    });
    poller.start();
    await vi.advanceTimersByTimeAsync(1500);
    expect(heard).toEqual(['error', 'answer']);
  });
});
