/** What the page says of the quality: when, and in which words. */
import type { Cause, Evidence, Quality, Verdict } from '@iris/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { GOOD, HintState, HOLD_MS, QUIET_MS } from '../src/hint-state.js';
import { hintSentence, markSentence, qualitySentence } from '../src/sentences.js';

function verdict(quality: Quality, cause: Cause, participant?: string): Verdict {
  if (quality === 'good') return GOOD;
  const evidence: Evidence = { what: 'a_number', value: 0.62, unit: '0-1', limit: 0.6 };
  if (participant) evidence.participant = participant;
  return { quality, cause, evidence };
}

const slow = verdict('poor', 'downlink');
const bobs = verdict('fair', 'publisher_uplink', 'p-bob');

describe('which verdict is shown', () => {
  let state: HintState;
  beforeEach(() => {
    state = new HintState();
  });

  /** A verdict comes; how long it has to wait [ms]. */
  function take(what: Verdict, nowMs: number): number {
    state.take(what);
    return state.settle(nowMs);
  }

  it('the first at once, the next not before the first could be read, and then the newest', () => {
    expect([take(slow, 1_000), state.shown]).toEqual([0, slow]);
    expect([take(GOOD, 1_500), state.shown]).toEqual([HOLD_MS - 500, slow]);
    expect([take(bobs, 2_000), state.shown]).toEqual([HOLD_MS - 1_000, slow]);
    expect([state.settle(1_000 + HOLD_MS - 1), state.shown]).toEqual([1, slow]);
    expect([state.settle(1_000 + HOLD_MS), state.shown]).toEqual([0, bobs]);
    expect([take(GOOD, 1_000 + 2 * HOLD_MS), state.shown]).toEqual([0, GOOD]);
  });

  it('what was bad for a moment only, and is as before again, changes nothing', () => {
    take(slow, 0);
    take(GOOD, 100);
    expect([take(slow, 200), state.shown]).toEqual([0, slow]);
    expect([state.settle(HOLD_MS), state.shown]).toEqual([0, slow]);
  });

  it('another person with the same trouble is a change', () => {
    const annes = verdict('fair', 'publisher_uplink', 'p-anne');
    take(bobs, 0);
    expect(take(annes, 1)).toBe(HOLD_MS - 1);
    expect([take(annes, HOLD_MS), state.shown]).toEqual([0, annes]);
  });

  it('words are due while something is wrong, and not for a while after they were put away', () => {
    expect(state.isTold(0)).toBe(false);
    take(slow, 0);
    expect(state.isTold(0)).toBe(true);
    state.putAway(100);
    expect([state.isTold(100), state.shown]).toEqual([false, slow]);
    take(GOOD, HOLD_MS);
    take(verdict('fair', 'downlink'), 2 * HOLD_MS);
    expect(state.isTold(2 * HOLD_MS)).toBe(false);
    take(bobs, 3 * HOLD_MS);
    expect(state.isTold(3 * HOLD_MS)).toBe(true);
    take(slow, 4 * HOLD_MS);
    expect([state.isTold(100 + QUIET_MS - 1), state.isTold(100 + QUIET_MS)]).toEqual([false, true]);
  });

  it('who has left has no trouble any more', () => {
    take(bobs, 0);
    state.forget('p-anne');
    expect([state.settle(1), state.shown]).toEqual([0, bobs]);
    state.forget('p-bob');
    expect([state.settle(2), state.shown]).toEqual([0, GOOD]);
  });

  it('after who has left comes what waited; what waited and was theirs comes not', () => {
    take(bobs, 0);
    take(slow, 1);
    state.forget('p-bob');
    expect([state.settle(2), state.shown]).toEqual([0, slow]);
    take(bobs, 3);
    state.forget('p-bob');
    expect([state.settle(2 + HOLD_MS), state.shown]).toEqual([0, GOOD]);
  });

  it('what is not known any more goes at once, and what comes then comes at once', () => {
    take(slow, 0);
    state.reset();
    expect([state.shown, take(bobs, 1), state.shown]).toEqual([GOOD, 0, bobs]);
  });
});

describe('words', () => {
  it.each([
    ['publisher_uplink', undefined, /^Your connection to the server is losing what you send/],
    ['publisher_uplink', 'p-bob', /^Bob’s connection is weak.*Nothing is wrong on your side/],
    ['server', undefined, /^The server is busy.*wait/],
    ['server', 'p-bob', /^The server is busy/],
    ['downlink', undefined, /^Your connection is too weak.*save data/],
    ['policy', undefined, /^You send more than the room allows.*Turn/],
    ['policy', 'p-bob', /^Bob sends more than the room allows/],
    ['client', undefined, /^This device cannot keep up.*Close/],
  ] as const)('%s of %s', (cause, participant, words) => {
    const sentence = hintSentence(verdict('poor', cause, participant), participant ? 'Bob' : null);
    expect(sentence).toMatch(words);
    expect(hintSentence(verdict('fair', cause, participant), participant ? 'Bob' : null)).toBe(
      sentence,
    );
  });

  it('nothing is said while it is good, nor of whom of those who are not here', () => {
    expect(hintSentence(GOOD, null)).toBe('');
    expect(hintSentence(bobs, null)).toMatch(/^Someone’s connection is weak/);
  });

  it('a cause that is newer than the page is still a sentence', () => {
    expect(hintSentence(verdict('poor', 'weather' as Cause), null)).toMatch(/^Pictures and sound/);
  });

  it('the tooltip says how good it is, too', () => {
    expect(qualitySentence(GOOD, null)).toBe('Good quality. Everything is fine.');
    expect(qualitySentence(bobs, 'Bob')).toMatch(/^Fair quality\. Bob’s connection/);
    expect(qualitySentence(slow, null)).toMatch(/^Poor quality\. Your connection/);
  });

  it.each([
    ['another’s tile', bobs, 'p-bob', 'weak connection'],
    ['nobody else’s', bobs, 'p-anne', ''],
    ['not our own', bobs, null, ''],
    ['our own', verdict('poor', 'publisher_uplink'), null, 'weak connection'],
    ['nor theirs', verdict('poor', 'publisher_uplink'), 'p-bob', ''],
    ['what we get is nobody’s', slow, null, ''],
    ['a cause that is new', verdict('poor', 'weather' as Cause, 'p-bob'), 'p-bob', 'not as good'],
    ['good again', GOOD, null, ''],
  ] as const)('the mark of a tile: %s', (_, what, id, words) => {
    const mark = markSentence(what, id);
    expect(mark.startsWith(words) && (mark === '') === (words === '')).toBe(true);
  });
});
