/** What the server is told of the decoding: when, about which lines, and what not. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchVisibility } from '../src/visibility.js';
import { pass, Refusal, settle, SILENCE, World } from './world.js';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

/** A line's statistics as a browser gives them that counts everything. */
function line(mid: string, framesReceived: number, framesDecoded: number, framesDropped = 0) {
  return {
    type: 'inbound-rtp',
    kind: 'video',
    mid,
    trackIdentifier: `track of ${mid}`,
    framesReceived,
    framesDecoded,
    framesDropped,
  };
}

/** What was reported, without the words around it. */
function reports(): unknown[] {
  return world.asked('stats').map(({ decoding }) => decoding);
}

/** The report of one line. */
function of(mid: string, frames_received: number, frames_decoded: number) {
  return { mid, frames_received, frames_decoded };
}

/** The browser takes its time from now on. @returns what ends that */
function countSlowly(): () => void {
  let finish = () => undefined as void;
  const counted = new Promise<void>((resolve) => (finish = resolve));
  world.count = () => counted;
  return () => finish();
}

/** In the room, and past the first look, which only begins to count. */
async function counting(): Promise<Awaited<ReturnType<World['join']>>> {
  world.chance = 0;
  const inside = await world.join();
  expect(world.looks).toBe(1);
  return inside;
}

test('every 5 s, what came since the last time, about the lines that count', async () => {
  world.inbound = [line('6', 1000, 900, 50), { ...line('3', 9, 9), kind: 'audio' }];
  await counting();
  world.inbound = [
    line('6', 1125, 1020, 50),
    { ...line('3', 900, 900), kind: 'audio' },
    { ...line('7', 900, 900), type: 'outbound-rtp' },
  ];
  await pass(4_999);
  expect(reports()).toEqual([]);
  await pass(1);
  expect(reports()).toEqual([[of('6', 125, 120)]]);
  world.inbound = [line('6', 1225, 1120, 50), line('7', 60, 20)];
  await pass(5_000);
  world.inbound = [line('6', 1325, 1220, 50), line('7', 160, 110)];
  await pass(5_000);
  expect(reports().slice(1)).toEqual([[of('6', 100, 100)], [of('6', 100, 100), of('7', 100, 90)]]);
});

test.each([
  { chance: 0, firstMs: 0 },
  { chance: 0.5, firstMs: 2_500 },
  { chance: 0.99, firstMs: 4_950 },
])('the first look is at a random moment: $chance', async ({ chance, firstMs }) => {
  world.chance = chance;
  await world.join();
  await pass(Math.max(0, firstMs - 1));
  expect(world.looks).toBe(firstMs === 0 ? 1 : 0);
  await pass(1);
  expect(world.looks).toBe(1);
  await pass(4_999);
  expect(world.looks).toBe(firstMs === 0 ? 2 : 1);
  await pass(1);
  expect(world.looks).toBe(2);
});

test.each([
  { what: 'dropped before decoding', now: line('6', 100, 80, 20), decoded: 80 },
  { what: 'dropped after decoding', now: line('6', 100, 100, 30), decoded: 70 },
  { what: 'dropped before and after', now: line('6', 100, 80, 30), decoded: 70 },
  { what: 'lost without a word', now: line('6', 100, 60, 0), decoded: 60 },
  { what: 'late ones of the time before', now: line('6', 100, 103, 0), decoded: 100 },
  { what: 'nothing decoded, all dropped', now: line('6', 100, 0, 104), decoded: 0 },
])('a frame counts as decoded if it was in time: $what', async ({ now, decoded }) => {
  world.inbound = [line('6', 0, 0)];
  await counting();
  world.inbound = [now];
  await pass(5_000);
  expect(reports()).toEqual([[of('6', 100, decoded)]]);
});

test('a line in which little comes is told of when enough has come', async () => {
  world.inbound = [line('6', 0, 0), line('7', 0, 0)];
  await counting();
  for (const frames of [10, 20, 30]) {
    world.inbound = [line('6', frames * 10, frames * 10), line('7', frames, frames - 1)];
    await pass(5_000);
  }
  expect(reports()).toEqual([
    [of('6', 100, 100)],
    [of('6', 100, 100)],
    [of('6', 100, 100), of('7', 30, 29)],
  ]);
});

test('where nothing is to be told, nothing is asked', async () => {
  world.inbound = [line('6', 1000, 900)];
  await counting();
  await pass(60_000);
  expect([world.looks, world.asked('stats')]).toEqual([13, []]);
});

test('a line that begins anew is counted anew', async () => {
  world.inbound = [line('6', 1000, 900)];
  await counting();
  world.inbound = [line('6', 100, 90)];
  await pass(5_000);
  world.inbound = [line('6', 200, 180)];
  await pass(5_000);
  expect(reports()).toEqual([[of('6', 100, 90)]]);
});

test('browsers that count less: no mid, no drops; without frames there is no report', async () => {
  const { mid: _, framesDropped: __, ...firefox } = line('6', 0, 0);
  const { framesReceived: ___, ...older } = line('7', 0, 0);
  const lines = (frames: number) => [
    { ...firefox, trackIdentifier: 'pc1-6', framesReceived: frames, framesDecoded: frames - 5 },
    { ...older, framesDecoded: frames },
    { ...firefox, trackIdentifier: 'of somebody else', framesReceived: frames },
    { type: 'inbound-rtp', kind: 'video' },
  ];
  world.inbound = lines(100);
  await counting();
  world.inbound = lines(200);
  await pass(5_000);
  expect(reports()).toEqual([[of('6', 100, 100)]]);
});

test('nothing is told about a time in which the page was hidden', async () => {
  world.inbound = [line('6', 0, 0)];
  await counting();
  await pass(1_000);
  world.show(false);
  world.inbound = [line('6', 100, 0)];
  await pass(14_000);
  expect(world.looks).toBe(1);
  world.show(true);
  world.inbound = [line('6', 200, 0)];
  await pass(5_000);
  expect(reports()).toEqual([]);
  world.inbound = [line('6', 300, 90)];
  await pass(5_000);
  expect(reports()).toEqual([[of('6', 100, 90)]]);
});

test('a page that was hidden only between two looks, or during one, begins anew, too', async () => {
  world.inbound = [line('6', 0, 0)];
  await counting();
  world.show(false);
  world.show(true);
  world.inbound = [line('6', 100, 0)];
  await pass(5_000);
  world.inbound = [line('6', 200, 0)];
  const finish = countSlowly();
  await pass(5_000);
  world.show(false);
  world.show(true);
  finish();
  await settle();
  expect([world.looks, reports()]).toEqual([3, []]);
});

test('a browser that is slow to count is not asked again meanwhile', async () => {
  await counting();
  const finish = countSlowly();
  await pass(20_000);
  expect(world.looks).toBe(2);
  finish();
  await pass(5_000);
  expect(world.looks).toBe(3);
});

test('a browser that refuses once is asked again', async () => {
  world.inbound = [line('6', 0, 0)];
  await counting();
  const count = vi.spyOn(world, 'count').mockRejectedValue(new DOMException('closed'));
  await pass(5_000);
  count.mockRestore();
  await pass(5_000);
  world.inbound = [line('6', 100, 100)];
  await pass(5_000);
  expect([world.looks, reports()]).toEqual([4, [[of('6', 100, 100)]]]);
});

test('while the media are interrupted, nothing is counted', async () => {
  world.inbound = [line('6', 0, 0)];
  await counting();
  world.peer.become('disconnected', 'connected');
  await pass(5_000);
  world.peer.become('connected', 'connected');
  world.inbound = [line('6', 100, 0)];
  await pass(5_000);
  expect([world.looks, reports()]).toEqual([2, []]);
});

test.each(['leave', 'close'] as const)('after the end (%s) nothing is left', async (how) => {
  const { client } = await counting();
  const finish = countSlowly();
  await pass(5_000);
  if (how === 'leave') await client.leave();
  else world.socket.drop(4403);
  finish();
  await pass(60_000);
  expect([client.state, world.looks, world.visibilityListeners.size]).toEqual(['closed', 2, 0]);
});

test('after a rejoin the new connection is counted, the old one is not', async () => {
  world.inbound = [line('6', 0, 0)];
  await counting();
  world.answers['resume'] = () => new Refusal(404);
  world.inbound = [line('6', 50, 50)];
  world.socket.drop(1006);
  await pass(1_000);
  expect(world.peers).toHaveLength(2);
  world.inbound = [line('6', 150, 150)];
  await pass(5_000);
  expect(reports()).toEqual([[of('6', 100, 100)]]);
  expect(world.visibilityListeners.size).toBe(1);
});

test('a look at the old connection that ends after a rejoin tells nothing', async () => {
  world.inbound = [line('6', 0, 0)];
  await counting();
  const finish = countSlowly();
  world.inbound = [line('6', 50, 50)];
  await pass(5_000);
  world.answers['resume'] = () => new Refusal(404);
  world.socket.drop(1006);
  await pass(1_000);
  finish();
  await settle();
  expect([world.peers.length, reports()]).toEqual([2, []]);
});

test.each([
  { what: 'a busy server is told again', answer: new Refusal(429), times: 3 },
  { what: 'a silent one, too', answer: SILENCE, times: 3 },
  { what: 'one without statistics is not', answer: new Refusal(-32601), times: 1 },
  { what: 'nor is one that does not take it', answer: new Refusal(-32602), times: 1 },
])('$what', async ({ answer, times }) => {
  world.answers['stats'] = () => answer;
  world.inbound = [line('6', 0, 0)];
  const { client } = await counting();
  for (const frames of [100, 200, 300]) {
    world.inbound = [line('6', frames, frames)];
    await pass(5_000);
    // Something is heard, so that a silent method is no silent connection.
    world.socket.notify('speakers', { speakers: [] });
  }
  expect([client.state, reports().length]).toEqual(['joined', times]);
});

test('the page is visible unless it says otherwise, until one stops watching', () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const seen: boolean[] = [];
  const turn = (state: string) => {
    page.visibilityState = state;
    page.dispatchEvent(new Event('visibilitychange'));
  };
  vi.stubGlobal('document', page);
  const stop = watchVisibility((isVisible) => seen.push(isVisible));
  turn('hidden');
  turn('visible');
  stop();
  turn('hidden');
  vi.stubGlobal('document', undefined);
  watchVisibility((isVisible) => seen.push(isVisible))();
  expect(seen).toEqual([true, false, true, true]);
});
