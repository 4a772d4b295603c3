import type { Participant, Slot } from '@iris/client';
import { describe, expect, it } from 'vitest';
import { describeRoom, type RoomState } from '../src/room-view.js';

function person(id: string, more: Partial<Participant> = {}): [string, Participant] {
  const muted = { audio_muted: false, camera_muted: false, screen_sharing: false };
  return [id, { id, name: id.toUpperCase(), metadata: null, ...muted, ...more }];
}

function camera(mid: string, participant: string | null, more: Partial<Slot> = {}): Slot {
  return { mid, kind: 'camera', participant, state: participant ? 'live' : 'idle', ...more };
}

function room(state: Partial<RoomState> & { people: [string, Participant][] }): RoomState {
  return {
    participants: new Map(state.people),
    slots: state.slots ?? [],
    speaking: state.speaking ?? new Set(),
    pinned: state.pinned ?? null,
    previous: state.previous ?? [],
  };
}

const shown = (state: RoomState) => describeRoom(state).tiles.map((t) => t.participant.id);
const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => person(id));

describe('who is shown', () => {
  it('four at most, the rest is a number', () => {
    const view = describeRoom(room({ people: six }));
    expect(view.tiles).toHaveLength(4);
    expect(view.hidden).toBe(2);
  });

  it('those with a slot come before those without', () => {
    const slots = [camera('6', 'f'), camera('7', 'e')];
    expect(new Set(shown(room({ people: six, slots })))).toEqual(new Set(['f', 'e', 'a', 'b']));
  });

  it('someone who speaks gets a place, and keeps it in silence', () => {
    const previous = ['a', 'b', 'c', 'd'];
    const after = shown(room({ people: six, previous, speaking: new Set(['f']) }));
    expect(after).toEqual(['a', 'b', 'c', 'f']);
    expect(shown(room({ people: six, previous: after }))).toEqual(after);
  });

  it('nobody moves when somebody leaves', () => {
    const people = six.filter(([id]) => id !== 'b');
    expect(shown(room({ people, previous: ['d', 'c', 'b', 'a'] }))).toEqual(['d', 'c', 'a', 'e']);
  });

  it('the pinned one is first and on the stage, unless a screen is there', () => {
    const state = room({ people: six, pinned: 'e', previous: ['a', 'b', 'c', 'd'] });
    expect(shown(state)).toEqual(['e', 'a', 'b', 'c']);
    expect(describeRoom(state).hasSpotlight).toBe(true);
    const slots: Slot[] = [{ mid: '10', kind: 'screen', participant: 'b', state: 'live' }];
    expect(describeRoom({ ...state, slots }).hasSpotlight).toBe(false);
  });

  it('slots of people whom we do not know, or not any more, are nobody’s', () => {
    const view = describeRoom(room({ people: [person('a')], slots: [camera('6', 'gone')] }));
    expect(view.tiles.map((t) => t.mid)).toEqual([null]);
  });
});

describe('why a picture is missing', () => {
  it.each([
    { what: 'live', slot: camera('6', 'a'), muted: false, state: 'live', reason: null },
    {
      what: 'slow',
      slot: camera('6', 'a', { state: 'paused', reason: 'bandwidth' }),
      muted: false,
      state: 'paused',
      reason: 'bandwidth',
    },
    {
      what: 'just switched off, the slot not yet free',
      slot: camera('6', 'a', { state: 'paused', reason: 'muted' }),
      muted: true,
      state: 'off',
      reason: 'muted',
    },
    { what: 'camera off', slot: camera('6', null), muted: true, state: 'off', reason: 'muted' },
    { what: 'no slot', slot: camera('6', null), muted: false, state: 'waiting', reason: null },
  ] as const)('$what', ({ slot, muted, state, reason }) => {
    const people = [person('a', { camera_muted: muted })];
    const [tile] = describeRoom(room({ people, slots: [slot] })).tiles;
    expect(tile).toMatchObject({ state, reason });
  });
});

describe('the shared screen', () => {
  const slot = (state: Slot['state']): Slot => ({
    mid: '10',
    kind: 'screen',
    participant: 'a',
    state,
    ...(state === 'paused' ? { reason: 'muted' as const } : {}),
  });

  it('is on the stage while it is live', () => {
    const view = describeRoom(room({ people: [person('a')], slots: [slot('live')] }));
    expect(view.screen).toMatchObject({ mid: '10', state: 'live' });
  });

  it('is gone as soon as the sharing has stopped', () => {
    const view = describeRoom(room({ people: [person('a')], slots: [slot('paused')] }));
    expect(view.screen).toBeNull();
  });

  it('stays, with the reason, while it is only paused', () => {
    const people = [person('a', { screen_sharing: true })];
    const slots = [{ ...slot('paused'), reason: 'bandwidth' as const }];
    expect(describeRoom(room({ people, slots })).screen).toMatchObject({ reason: 'bandwidth' });
  });
});
