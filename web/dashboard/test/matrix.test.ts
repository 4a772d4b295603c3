/** A room's JSON as tables. */
import { describe, expect, it } from 'vitest';
import { type Participant, type Room, type Slot, type Track, type Verdict } from '../src/api.js';
import { matrixOf, sendersOf, worstFirst } from '../src/matrix.js';
import { worstUplinkLoss } from '../src/room-series.js';
import { objectOf } from './schema.mjs';

const plain = (text: string) => text.replace(/\u202f/g, ' ');
const POOR: Verdict = {
  quality: 'poor',
  cause: 'downlink',
  evidence: { what: 'downlink_loss', value: 0.2, unit: '0-1', limit: 0.15 },
};

const slot = (values: Partial<Slot>) => objectOf('Slot', { kind: 'camera', ...values }) as Slot;
const track = (values: object) => objectOf('Track', values) as Track;
const layer = (values: object) => objectOf('Layer', { live: true, ...values });

function person(id: string, slots: Slot[], tracks: Track[] = [], rest: object = {}): Participant {
  return objectOf('Participant', {
    id,
    name: id.toUpperCase(),
    uplink: objectOf('Uplink', { tracks }),
    downlink: objectOf('Downlink', { slots }),
    ...rest,
  }) as Participant;
}

const roomOf = (...participants: Participant[]): Room =>
  objectOf('Room', { room: 'r', participants }) as Room;

describe('who sees whom', () => {
  const live = slot({
    participant: 'b',
    state: 'live',
    height: 360,
    layer: 1,
    temporal: 2,
    frame_rate: 24.6,
    bitrate_bps: 355_000,
    loss: 0.02,
    verdict: POOR,
  });

  it('has a column for each slot that anyone has, and the rows in their order', () => {
    const { columns, rows } = matrixOf(
      roomOf(
        person('a', [slot({ kind: 'screen' }), slot({}), slot({ kind: 'audio' })]),
        person('b', [slot({}), slot({})]),
      ),
    );
    expect(columns.map(({ title }) => title)).toEqual(['Voice', 'Camera 1', 'Camera 2', 'Screen']);
    expect(rows.map(({ name }) => name)).toEqual(['A', 'B']);
    expect(rows.map(({ cells }) => cells.map(({ state }) => state).join(' '))).toEqual([
      'idle idle none idle',
      'none idle idle none',
    ]);
  });

  it('says whom a slot shows, the layer, the rate, the loss and the trouble', () => {
    const { rows } = matrixOf(roomOf(person('a', [live]), person('b', [])));
    const cell = rows[0]?.cells[0];
    expect(cell?.title).toBe('B');
    expect(cell?.details.map(plain)).toEqual([
      '360p, layer 1',
      'T2, 25 fps',
      '355 kbit/s',
      '2.0 % lost',
    ]);
    expect(cell?.quality).toBe('poor');
    expect(plain(cell?.trouble ?? '')).toMatch(/receiver’s network; .* 20 % \(limit 15 %\)/);
  });

  it.each<[Partial<Slot>, string, string]>([
    [{ participant: null, state: 'idle' }, 'free', ''],
    [{ participant: 'b', state: 'idle' }, 'B', 'silent'],
    [
      { participant: 'b', state: 'paused', reason: 'bandwidth' },
      'B',
      'paused: too little bandwidth',
    ],
    [{ participant: 'b', state: 'paused', reason: 'muted' }, 'B', 'paused: muted'],
    [{ participant: 'b', state: 'paused', reason: null }, 'B', 'paused'],
    [{ participant: 'gone', state: 'live', bitrate_bps: null }, 'gone', ''],
  ])('%o is "%s", "%s"', (values, title, detail) => {
    const { rows } = matrixOf(roomOf(person('a', [slot(values)]), person('b', [])));
    const cell = rows[0]?.cells[0];
    expect([cell?.title, cell?.details.join()]).toEqual([title, detail]);
  });

  it('says of whom nothing comes where a slot is free for that reason', () => {
    const verdict: Verdict = {
      quality: 'poor',
      cause: 'publisher_uplink',
      evidence: {
        what: 'uplink_silence_ms',
        value: 9000,
        unit: 'ms',
        limit: 2000,
        participant: 'b',
      },
    };
    const missed = slot({ participant: null, state: 'idle', verdict });
    const { rows } = matrixOf(roomOf(person('a', [missed]), person('b', [])));
    expect(rows[0]?.cells[0]).toMatchObject({ title: 'free', state: 'idle', quality: 'poor' });
    expect(rows[0]?.cells[0]?.trouble).toMatch(/^the sender’s network; nothing came .*, B$/);
  });

  it('has no columns while nobody has slots', () => {
    expect(matrixOf(roomOf(person('a', []))).columns).toEqual([]);
    expect(matrixOf(roomOf()).rows).toEqual([]);
  });
});

describe('who sends what', () => {
  const camera = track({
    kind: 'camera',
    layers: [
      layer({ rid: 'l', height: 180, bitrate_bps: 90_000, frame_rate: 15, loss: 0 }),
      layer({ rid: 'h', height: 360, bitrate_bps: 300_000, frame_rate: 30, residual_loss: 0.01 }),
      layer({ rid: 'x', live: false, bitrate_bps: 5 }),
    ],
  });

  it.each<[string, Track[], object, string, string[]]>([
    ['nothing', [], {}, '– – –', []],
    [
      'the layers that live',
      [camera],
      {},
      '– sends –',
      ['l, 180p, 15 fps, 90 kbit/s', 'h, 360p, 30 fps, 300 kbit/s, 1.0 % not repaired'],
    ],
    ['a muted camera', [camera], { camera_muted: true }, '– muted –', []],
    ['a silent microphone', [track({ kind: 'audio', layers: [] })], {}, 'nothing – –', []],
    ['a screen that is not shared', [track({ kind: 'screen' })], {}, '– – shared', []],
    [
      'too much',
      [track({ kind: 'audio', layers: [layer({ policed_packets: 3, bitrate_bps: 1e6 })] })],
      {},
      'sends – –',
      ['1.00 Mbit/s, over the contract'],
    ],
  ])('%s', (_what, tracks, rest, titles, details) => {
    const { rows } = sendersOf(roomOf(person('a', [], tracks, rest)));
    const cells = rows[0]?.cells ?? [];
    expect(cells.map(({ title }) => title.split(' ').at(-1)).join(' ')).toBe(titles);
    expect(cells.flatMap((cell) => cell.details).map(plain)).toEqual(details);
  });

  it('has the worst loss of the layers that live for its chart', () => {
    const lossy = [layer({ loss: 0.1 }), layer({ loss: 0.3 }), layer({ loss: 0.9, live: false })];
    expect(worstUplinkLoss(person('a', [], [track({ layers: lossy })]))).toBe(0.3);
    expect(worstUplinkLoss(person('a', [], [camera]))).toBe(0);
    expect(worstUplinkLoss(person('a', []))).toBe(null);
  });
});

describe('people', () => {
  it('stand with the worst first, equals as they joined', () => {
    const good = { verdict: { quality: 'good', cause: 'none', evidence: null } };
    const fair = { verdict: { ...POOR, quality: 'fair' } };
    const people = [
      person('a', [], [], good),
      person('b', [], [], fair),
      person('c', [], [], { verdict: POOR }),
    ];
    expect(
      worstFirst([...people, person('d', [], [], good)])
        .map(({ id }) => id)
        .join(''),
    ).toBe('cbad');
  });
});
