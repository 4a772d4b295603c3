/** The waits as a table, and what they are for: 500 clients that lose their server at once. */
import { expect, test } from 'vitest';
import { retryDelay } from '../src/backoff.js';

const S = 1000;

// attempt, age of the outage, what the server asked for; the least and the greatest wait [ms]
const TABLE: [number, number, number, number, number][] = [
  [0, 0, 0, 500, 5 * S],
  [1, 2 * S, 0, 500, 5 * S],
  [2, 3 * S, 0, 500, 5 * S],
  [3, 5 * S, 0, 500, 5 * S],
  [4, 9 * S, 0, 500, 8 * S],
  [5, 15 * S, 0, 500, 8 * S],
  [20, 59_999, 0, 500, 8 * S],
  [20, 60 * S, 0, 500, 30 * S],
  [5, 70 * S, 0, 500, 16 * S],
  [2000, 600 * S, 0, 500, 30 * S],
  // What the server asks for is the floor, the jitter comes on top.
  [0, 0, 2 * S, 2 * S, 7 * S],
  [1, 0, 2 * S, 2 * S, 7 * S],
  [4, 9 * S, 5 * S, 5 * S, 13 * S],
  [9, 70 * S, 40 * S, 40 * S, 70 * S],
];

for (const [attempt, elapsedMs, retryAfterMs, least, greatest] of TABLE) {
  test(`try ${attempt} at ${elapsedMs} ms, asked for ${retryAfterMs}: ${least} to ${greatest} ms`, () => {
    const delay = (random: number) => retryDelay({ attempt, elapsedMs, retryAfterMs, random });
    expect(delay(0)).toBe(least);
    expect(delay(1)).toBe(greatest);
    expect(delay(0.5)).toBe((least + greatest) / 2);
  });
}

/** A small generator with a seed, so that a failure can be seen again (mulberry32). */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A server that is away for a while and then takes so many clients a second, refusing the others. */
function play(clients: number, downMs: number, perSecond: number, seed: number) {
  const random = seeded(seed);
  const delay = (attempt: number, elapsedMs: number, retryAfterMs: number) =>
    retryDelay({ attempt, elapsedMs, retryAfterMs, random: random() });
  const waiting = Array.from({ length: clients }, () => ({ at: delay(0, 0, 0), attempt: 0 }));
  const taken = new Map<number, number>();
  let refused = 0;
  for (;;) {
    const next = waiting.reduce((a, b) => (b.at < a.at ? b : a));
    if (next.at === Infinity) return { refused, lastMs: Math.max(...taken.keys()) * 100 + 100 };
    const { at } = next;
    const slice = Math.floor(at / 100);
    const inSlice = taken.get(slice) ?? 0;
    if (at >= downMs && inSlice < perSecond / 10) {
      taken.set(slice, inSlice + 1);
      next.at = Infinity;
      continue;
    }
    if (at >= downMs) refused++;
    next.attempt++;
    next.at = at + delay(next.attempt, at, at >= downMs ? 1000 : 0);
  }
}

for (const [downMs, perSecond] of [
  [0, 200],
  [2 * S, 100],
  [5 * S, 100],
  [10 * S, 100],
  [15 * S, 50],
  [20 * S, 100],
] as const) {
  test(`500 clients are back within 35 s of a server that was away ${downMs} ms and takes ${perSecond} a second`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { lastMs, refused } = play(500, downMs, perSecond, seed);
      expect(lastMs).toBeLessThan(35 * S);
      // Without a spike: less than one refusal for each client, even where the server takes 50 a second.
      expect(refused).toBeLessThan(500);
    }
  });
}
