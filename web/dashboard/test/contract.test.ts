/** The fake node says what docs/openapi.json says: what the page is tested with is what it will get. */
import { describe, expect, it } from 'vitest';
import { problemsOf } from './schema.mjs';
import { FakeWorld } from './world.mjs';

describe('the fake node', () => {
  it('answers as the contract says', () => {
    const world = new FakeWorld({ rooms: 20 });
    const told: [string, object][] = [];
    world.listeners.add((event, data) => told.push([event, data]));
    world.step();
    world.open('late', 2);
    world.startDrain(1000, 0);
    const [first] = world.rooms;
    if (!first) throw new Error('no room');
    const answers: [string, unknown][] = [
      ['Workers', world.workers()],
      ['Room', world.room(first)],
      ['Drain', world.drainReport(0)],
      ['Dump', world.dump(first)],
    ];
    world.end(first);
    const schemas: Record<string, string> = {
      rates: 'EventRates',
      room_opened: 'EventRoom',
      room_closed: 'EventRoom',
      joined: 'EventJoined',
      left: 'EventLeft',
      draining: 'Drain',
    };
    for (const [event, data] of told) answers.push([schemas[event] ?? event, data]);
    expect(new Set(told.map(([event]) => event))).toEqual(new Set(Object.keys(schemas)));
    expect(answers.flatMap(([name, value]) => problemsOf(name, value))).toEqual([]);
  });
});

describe('the check of the contract', () => {
  it.each([
    ['a missing field', { room: 'a' }, /participant is missing/],
    ['an unknown one', { room: 'a', id: 'p', reason: 'left', x: 1 }, /x is unknown/],
    ['another type', { room: 1, id: 'p', reason: 'left' }, /room: 1 is no string/],
    ['a wrong word', { room: 'a', id: 'p', reason: 'bored' }, /bored is none of/],
  ])('finds %s', (_what, value, problem) => {
    const schema = 'reason' in value ? 'EventLeft' : 'EventJoined';
    expect(problemsOf(schema, value).join()).toMatch(problem);
  });
});
