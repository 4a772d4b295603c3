/** The small pure parts: invitations, speakers, levels, countdowns, initials, sentences. */
import { DeviceError, ErrorCode, IrisError } from '@iris/client';
import { describe, expect, it } from 'vitest';
import { hueClass, initials } from '../src/avatar.js';
import { durationWords, secondsLeft } from '../src/countdown.js';
import { invitationLink, readInvitation } from '../src/invitation.js';
import { meterPosition } from '../src/level.js';
import {
  chatErrorSentence,
  deviceSentence,
  endingOf,
  errorSentence,
  mutedSentence,
} from '../src/sentences.js';
import { HOLD_MS, SpeakingMemory, toLevel } from '../src/speakers.js';

const jwt = (claims: object) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.signature`;
};

describe('invitation', () => {
  it('reads room and name of the query', () => {
    expect(readInvitation('?room=lobby&name=Ada%20L', '')).toMatchObject({
      room: 'lobby',
      name: 'Ada L',
      token: null,
      isRoomFixed: false,
    });
  });

  it('reads the claims of a token', () => {
    const token = jwt({ room: 'board', name: 'Zoë', exp: 2_000_000_000 });
    expect(readInvitation('?room=other', `#token=${token}`)).toEqual({
      room: 'board',
      name: 'Zoë',
      token,
      expiresMs: 2_000_000_000_000,
      isRoomFixed: true,
      isAutojoin: false,
    });
  });

  it('a token for every room leaves the room open', () => {
    const invitation = readInvitation('?room=x', `#token=${jwt({ room: '*' })}`);
    expect(invitation).toMatchObject({ room: 'x', isRoomFixed: false, expiresMs: null });
  });

  it.each(['nonsense', 'a.b.c', `a.${Buffer.from('null').toString('base64')}.c`])(
    'a token that cannot be read (%s) is still handed on',
    (token) => {
      expect(readInvitation('', `#token=${token}`)).toMatchObject({ token, room: '', name: '' });
    },
  );

  it('a token in the query is no token: it would be in every log', () => {
    expect(readInvitation('?token=x', '').token).toBeNull();
  });

  it('the link for others has no token', () => {
    expect(invitationLink('https://a.org', 'b~c')).toBe('https://a.org/?room=b~c');
  });
});

describe('who speaks', () => {
  it('counts for a little longer than heard', () => {
    const memory = new SpeakingMemory();
    memory.hear(['a'], 1000);
    memory.hear(['b'], 1200);
    expect(memory.speaking(1000 + HOLD_MS - 1)).toEqual(new Set(['a', 'b']));
    expect(memory.speaking(1000 + HOLD_MS)).toEqual(new Set(['b']));
    expect(memory.speaking(1200 + HOLD_MS)).toEqual(new Set());
  });

  it.each([
    [1, 0],
    [0.1, 20],
    [0, 127],
    [1e-9, 127],
  ])('a linear level of %d is %d -dBov', (linear, level) => {
    expect(toLevel(linear)).toBeCloseTo(level);
  });
});

it('the meter goes from silence to full scale', () => {
  expect(meterPosition(new Float32Array(8))).toBe(0);
  expect(meterPosition(new Float32Array(8).fill(1))).toBe(1);
  expect(meterPosition(new Float32Array(8).fill(0.03))).toBeCloseTo(0.49, 1);
});

it.each([
  [5000, 0, 5],
  [5001, 0, 6],
  [5000, 5000, 0],
  [5000, 9000, 0],
])('from %d at %d there are %d s left', (deadline, now, seconds) => {
  expect(secondsLeft(deadline, now)).toBe(seconds);
});

it('long times are told in minutes', () => {
  expect(durationWords(30)).toBe('30 s');
  expect(durationWords(180)).toBe('3 min');
});

it.each([
  ['Ada Lovelace', 'AL'],
  ['ada', 'A'],
  ['  Grace  Brewster   Hopper ', 'GH'],
  ['(guest) Bob', 'GB'],
  ['李 小龍', '李小'],
  ['🎉', '?'],
  ['', '?'],
])('%s becomes %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});

it('a name keeps its colour', () => {
  expect(hueClass('Ada')).toBe(hueClass('Ada'));
  expect(hueClass('Ada')).toMatch(/^hue-[0-5]$/);
});

describe('sentences', () => {
  it('a message that was too much is kept, and said kindly', () => {
    const error = new IrisError(ErrorCode.tooManyRequests, 'slow down');
    expect(chatErrorSentence(error)).toContain('still here');
  });

  it('who takes the screen is named, a moderator is not', () => {
    const participant = {
      id: 'p-1',
      name: 'Ada',
      audio_muted: false,
      camera_muted: false,
      screen_sharing: true,
    };
    const bySharer = mutedSentence({ kind: 'screen', by: 'sharer', participant });
    expect(bySharer).toBe('Ada shares the screen now, so yours is not shared any more.');
    expect(mutedSentence({ kind: 'screen', by: 'moderator' })).toContain('moderator');
    expect(mutedSentence({ kind: 'microphone', by: 'moderator' })).toContain('Unmute');
  });

  it('every problem of a device says what to do', () => {
    for (const device of ['microphone', 'camera', 'screen'] as const) {
      for (const problem of [
        'denied',
        'none',
        'busy',
        'insecure',
        'unsupported',
        'other',
      ] as const) {
        const sentence = deviceSentence(new DeviceError(device, problem));
        expect(sentence.split('. ').length).toBeGreaterThan(1);
      }
    }
  });

  it('a removal tells the reason given', () => {
    expect(endingOf({ reason: 'removed', detail: 'too loud' }).sentence).toContain('too loud');
  });

  it('what is not known is told as it came', () => {
    expect(errorSentence(new IrisError(499, 'odd'))).toContain('odd');
  });
});
