/** The list of rooms: order, search, and an order that stands still. */
import { describe, expect, it } from 'vitest';
import { type Quality, type RoomSummary } from '../src/api.js';
import { SteadyOrder } from '../src/order.js';
import { type RoomKey, WORST_FIRST, nextOrder, searchRooms, sortRooms } from '../src/rooms.js';
import { roomAddress, routeOf } from '../src/route.js';
import { objectOf } from './schema.mjs';

function room(name: string, values: Partial<RoomSummary> = {}): RoomSummary {
  return objectOf('RoomSummary', { room: name, participants: 2, ...values }) as RoomSummary;
}

const quality = (name: string, is: Quality | null, participants = 2, poor = 0, fair = 0) =>
  room(name, { participants, quality: is, poor, fair });

const names = (rooms: readonly RoomSummary[]) => rooms.map(({ room: name }) => name).join(' ');

describe('order', () => {
  const rooms = [
    quality('good-2', 'good'),
    quality('new-9', null, 9),
    quality('fair-5', 'fair', 5, 0, 1),
    quality('fair-2', 'fair', 2, 0, 2),
    quality('poor-2', 'poor', 2, 1, 1),
    quality('poor-5', 'poor', 5, 1),
    quality('poor-7', 'poor', 7, 1),
    quality('poor-4', 'poor', 4, 3),
    quality('good-10', 'good'),
  ];

  it('has the worst first, of equals those with more in trouble, the fuller, then as people count', () => {
    const sorted = names(sortRooms(rooms, WORST_FIRST));
    expect(sorted).toBe('poor-4 poor-2 poor-7 poor-5 fair-2 fair-5 good-2 good-10 new-9');
    expect(names(rooms)).toMatch(/^good-2 new-9/); // the list itself is as it was
  });

  it.each<[RoomKey, Partial<RoomSummary>, Partial<RoomSummary>]>([
    ['participants', { participants: 1 }, { participants: 7 }],
    ['sending', { cameras: 2, screens: 1 }, { cameras: 4, screens: 0 }],
    ['up', { up_bps: 5 }, { up_bps: 6 }],
    ['down', { down_bps: 5 }, { down_bps: 6 }],
    ['age', { age_s: 1 }, { age_s: 10 }],
    ['worker', { worker: 0 }, { worker: 2 }],
  ])('by %s both ways, the unknown last', (key, less, more) => {
    const unknown = room('unknown', { participants: null });
    const three = [room('less', less), unknown, room('more', more)];
    const ways = [false, true].map((isDescending) => sortRooms(three, { key, isDescending }));
    const known = ways.map((sorted) => names(sorted.filter((r) => r !== unknown)));
    expect(known).toEqual(['less more', 'more less']);
    if (key !== 'worker') for (const sorted of ways) expect(sorted[2]).toBe(unknown);
  });

  it('turns round when the same heading is pressed, and begins with the largest of numbers', () => {
    expect(nextOrder(WORST_FIRST, 'quality')).toEqual({ key: 'quality', isDescending: true });
    expect(nextOrder(WORST_FIRST, 'down')).toEqual({ key: 'down', isDescending: true });
    expect(nextOrder(WORST_FIRST, 'room')).toEqual({ key: 'room', isDescending: false });
    const reversed = sortRooms([room('b'), room('a')], { key: 'room', isDescending: true });
    expect(names(reversed)).toBe('b a');
  });
});

describe('search', () => {
  const rooms = [quality('Board-1', 'good'), quality('board-2', 'poor'), quality('lab', 'fair')];

  it.each<[string, boolean, string]>([
    ['', false, 'Board-1 board-2 lab'],
    ['  BOARD ', false, 'Board-1 board-2'],
    ['2 board', false, 'board-2'],
    ['board', true, 'board-2'],
    ['', true, 'board-2 lab'],
    ['.*', false, ''],
  ])('"%s", troubled only: %s', (search, isTroubledOnly, found) => {
    expect(names(searchRooms(rooms, search, isTroubledOnly))).toBe(found);
  });
});

describe('an order that stands still', () => {
  const steps: [number, string, boolean, string][] = [
    // now [ms], sorted, held, shown
    [0, 'a b c', false, 'a b c'],
    [1000, 'c b a', false, 'a b c'], // too soon
    [4999, 'c d a', false, 'a c d'], // who has gone leaves, who is new comes last
    [5000, 'd c a', false, 'd c a'],
    [20_000, 'a c d', true, 'd c a'], // somebody is in the list
    [60_000, 'a b c d', true, 'd c a b'],
    [60_001, 'a b c d', false, 'a b c d'],
  ];

  it('is sorted every five seconds, and not while it is held', () => {
    const order = new SteadyOrder<string>((key) => key);
    for (const [nowMs, sorted, isHeld, shown] of steps) {
      expect(order.arrange(sorted.split(' '), nowMs, isHeld).join(' ')).toBe(shown);
    }
  });

  it('is sorted at once when somebody asks for it', () => {
    const order = new SteadyOrder<string>((key) => key);
    order.arrange(['a', 'b'], 0, false);
    order.renew();
    expect(order.arrange(['b', 'a'], 1, true)).toEqual(['b', 'a']);
  });
});

describe('addresses', () => {
  it.each(['standup', 'a b', '100%', 'ü/x', '#1'])('lead to the room "%s"', (name) => {
    expect(routeOf(roomAddress(name))).toEqual({ view: 'room', room: name });
  });

  it.each([
    ['', 'rooms'],
    ['#/', 'rooms'],
    ['#/node', 'node'],
    ['#/room/', 'rooms'],
    ['#/room/%E0%A4%A', 'rooms'],
    ['#main', 'rooms'],
  ])('"%s" is the view %s', (hash, view) => expect(routeOf(hash).view).toBe(view));
});
