/** Numbers and verdicts in words. Narrow spaces stand between a number and its unit. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  bitrate,
  count,
  counted,
  duration,
  frameRate,
  milliseconds,
  quantity,
  share,
} from '../src/units.js';
import { causeWords, evidenceWords, verdictWords } from '../src/verdicts.js';

const plain = (text: string) => text.replace(/\u202f/g, ' ');

describe('units', () => {
  it.each<[number | null | undefined, string]>([
    [null, '–'],
    [undefined, '–'],
    [0, '0 kbit/s'],
    [499, '0 kbit/s'],
    [42_400, '42 kbit/s'],
    [999_499, '999 kbit/s'],
    [999_500, '1.00 Mbit/s'],
    [1_250_000, '1.25 Mbit/s'],
    [9_994_000, '9.99 Mbit/s'],
    [9_996_000, '10.0 Mbit/s'],
    [99_960_000, '100 Mbit/s'],
    [999_600_000, '1.00 Gbit/s'],
    [10e9, '10.0 Gbit/s'],
  ])('%s bit/s is %s', (value, words) => expect(plain(bitrate(value))).toBe(words));

  it.each<[number | null, string]>([
    [null, '–'],
    [0, '0 %'],
    [0.0004, '< 0.1 %'],
    [0.001, '0.1 %'],
    [0.0345, '3.5 %'],
    [0.0996, '10 %'],
    [1, '100 %'],
  ])('%s is %s', (value, words) => expect(plain(share(value))).toBe(words));

  it.each<[number | null, string]>([
    [null, '–'],
    [0, '0.0 ms'],
    [35, '< 0.1 ms'],
    [60, '0.1 ms'],
    [9_940, '9.9 ms'],
    [9_960, '10 ms'],
    [1_234_000, '1234 ms'],
  ])('%s us are %s', (value, words) => expect(plain(milliseconds(value))).toBe(words));

  it.each<[number | null, string]>([
    [null, '–'],
    [-1, '0 s'],
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [125, '2 min 5 s'],
    [3600, '1 h'],
    [3661, '1 h 1 min'],
    [86_400 * 3 + 7200, '3 d 2 h'],
  ])('%s s are %s', (value, words) => expect(plain(duration(value))).toBe(words));

  it('separates thousands, and knows one from many', () => {
    expect([0, 999, 1000, 1_234_567, null].map((n) => plain(count(n)))).toEqual([
      '0',
      '999',
      '1 000',
      '1 234 567',
      '–',
    ]);
    expect([counted(1, 'room'), counted(2, 'room'), counted(0, 'room')]).toEqual([
      '1 room',
      '2 rooms',
      '0 rooms',
    ]);
    expect(plain(frameRate(24.7))).toBe('25 fps');
  });

  it.each<[number, string, string]>([
    [500_000, 'bit/s', '500 kbit/s'],
    [2500, 'us', '2.5 ms'],
    [420, 'ms', '420 ms'],
    [0.19, '0-1', '19 %'],
    [3, '', '3'],
    [0.301, '/s', '0.30 /s'],
    [5, 'pixels', '5 pixels'],
  ])('%s with the unit "%s" is %s', (value, unit, words) => {
    expect(plain(quantity(value, unit))).toBe(words);
  });
});

describe('verdicts', () => {
  const evidence = { what: 'downlink_loss', value: 0.19, unit: '0-1', limit: 0.15 };

  it('says cause, number and limit', () => {
    expect(plain(verdictWords({ quality: 'poor', cause: 'downlink', evidence }))).toBe(
      'the receiver’s network; lost on the way to the receiver: 19 % (limit 15 %)',
    );
  });

  it('names whose number it is', () => {
    const words = evidenceWords({ ...evidence, participant: 'p-2' }, (id) => `<${id}>`);
    expect(words).toMatch(/, <p-2>$/);
  });

  it('says nothing of what is good, or without evidence', () => {
    expect(verdictWords({ quality: 'good', cause: 'none', evidence: null })).toBe('–');
    expect(verdictWords({ quality: 'fair', cause: 'server', evidence: null })).toBe('this server');
  });

  it('has words for every number that docs/operations.md says decides', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const [, table = ''] = page.split(/<!-- (?:end of )?evidence -->/);
    const names = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(15);
    const wordless = names.filter((what) =>
      evidenceWords({ what, value: 1, unit: '' }).startsWith(what.replace(/_/g, ' ')),
    );
    expect(wordless).toEqual([]);
  });

  it('tells causes and evidence of a newer server as they are', () => {
    expect(causeWords('solar_wind')).toBe('solar wind');
    expect(plain(evidenceWords({ what: 'sun_spots', value: 3, unit: '' }))).toBe('sun spots: 3');
  });
});
