/** Joining and leaving: the order of calls, what is offered, what is refused, what is told afterwards. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ErrorCode, IrisError } from '../src/index.js';
import { FakeTrack, pass, record, Refusal, settle, SILENCE, valuesOf, World } from './world.js';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const ROOM = { room: 'lobby', name: 'me' };

test('joins in the order of docs/protocol.md', async () => {
  const { client } = await world.join();
  expect(world.calls).toEqual([
    'createOffer',
    'join',
    'setConfiguration 1',
    'setLocalDescription offer 1 of pc1',
    'setRemoteDescription the answer',
  ]);
  expect(world.socket.protocol).toBe('iris.v1');
  expect(world.socket.requests[0]?.params).toEqual({ ...ROOM, offer: 'offer 1 of pc1' });
  expect([client.state, client.id]).toEqual(['joined', 'me1']);
  expect([...client.participants.keys()]).toEqual(['ada']);
});

test('the offer has the eleven lines in their order, the sending ones first', async () => {
  await world.join();
  const { lines, configuration } = world.peer;
  expect(configuration.bundlePolicy).toBe('max-bundle');
  expect(lines.map(({ kind, init }) => `${kind} ${init.direction}`)).toEqual([
    'audio sendonly',
    'video sendonly',
    'video sendonly',
    ...Array<string>(3).fill('audio recvonly'),
    ...Array<string>(5).fill('video recvonly'),
  ]);
  const encodings = (index: number) =>
    lines[index]?.init.sendEncodings?.map((e) => [e.rid, e.scaleResolutionDownBy, e.maxBitrate]);
  expect(encodings(1)).toEqual([
    ['l', 2, 150_000],
    ['h', 1, 350_000],
  ]);
  expect(encodings(2)).toEqual([[undefined, undefined, 700_000]]);
});

/** A token as far as a client can read it. */
function tokenOf(claims: object | null): string {
  return ['{}', JSON.stringify(claims), 'x'].map((part) => btoa(part)).join('.');
}

const SLOTS = 'aaa vvvvv';

// Chromium gives up every line when the first is refused.
test.each([
  ['all', {}, `AVV ${SLOTS}`],
  ['none of them named', { publish: ['audio', 'camera', 'screen'] }, `AVV ${SLOTS}`],
  ['no camera', { publish: ['audio', 'screen'] }, `AVV ${SLOTS}`],
  ['no microphone', { publish: ['camera'] }, `VVA ${SLOTS}`],
  ['nothing', { publish: [] }, `${SLOTS} AVV`],
  ['a screen only', { publish: ['screen'] }, `${SLOTS} AVV`],
  ['a screen, and to receive nothing', { publish: ['screen'], subscribe: false }, `VVA ${SLOTS}`],
  ['a camera, and to receive nothing', { publish: ['camera'], subscribe: false }, `VVA ${SLOTS}`],
  ['a voice, and to receive nothing', { publish: ['audio'], subscribe: false }, `AVV ${SLOTS}`],
  ['all, and to receive nothing', { subscribe: false }, `AVV ${SLOTS}`],
  ['no claims at all', null, `AVV ${SLOTS}`],
  ['what no list is', { publish: 'camera' }, `AVV ${SLOTS}`],
])('a line that the token does not allow is not the first: %s', async (_, claims, expected) => {
  for (const token of [tokenOf(claims), async () => tokenOf(claims)]) {
    const client = world.client();
    await client.join({ ...ROOM, token });
    const lines = world.peers.at(-1)?.lines ?? [];
    const letters = lines.map(({ kind, init }) => {
      const letter = kind === 'audio' ? 'a' : 'v';
      return init.direction === 'sendonly' ? letter.toUpperCase() : letter;
    });
    expect(letters.join('')).toBe(expected.replaceAll(' ', ''));
    await client.leave();
  }
});

// The server takes the first video line for a camera's unless it is marked; browsers know nothing of that.
test.each([
  [{ publish: ['screen'], subscribe: false }, true],
  [{ publish: ['camera', 'screen'], subscribe: false }, false],
  [{ publish: ['screen'] }, false],
  [{}, false],
])('the line of a screen is marked if it is the first: %j', async (claims, isMarked) => {
  const first = '\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0';
  const rest = '\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\nm=audio 9 X 0\r\na=mid:2\r\n';
  world.offeredLines = first + rest;
  await world.client().join({ ...ROOM, token: tokenOf(claims) });
  const mark = isMarked ? '\r\na=content:slides' : '';
  expect(world.socket.requests[0]?.params).toMatchObject({
    offer: `offer 1 of pc1${first}${mark}${rest}`,
  });
  expect(world.calls).toContain(`setLocalDescription offer 1 of pc1${first}${rest}`);
});

test('a token that cannot be read asks for everything', async () => {
  for (const token of ['opaque', 'a.b.c', '']) {
    const client = world.client();
    await client.join({ ...ROOM, token });
    expect(world.peers.at(-1)?.lines[0]?.init.direction).toBe('sendonly');
    await client.leave();
  }
});

test('a larger camera is scaled down to the contract', async () => {
  const camera = new FakeTrack('video', 960).asTrack;
  const joining = world.client().join({ ...ROOM, camera });
  await joining;
  const scales = world.peer.lines[1]?.init.sendEncodings?.map((e) => e.scaleResolutionDownBy);
  expect(scales).toEqual([4, 2]);
});

test('emits the state, then the slots, then the media, and nobody who was there already', async () => {
  const client = world.client();
  const events = record(client);
  await client.join(ROOM);
  expect(events.map(([event, value]) => (event === 'slots' ? event : `${event} ${value}`))).toEqual(
    ['state connecting', 'state joined', 'slots', 'media connected'],
  );
});

test('what the server says right after the answer is emitted after `joined`, in order', async () => {
  const client = world.client();
  const events = record(client);
  const answer = world.answers['join'];
  world.answers['join'] = (params) => {
    queueMicrotask(() =>
      queueMicrotask(() => {
        world.socket.notify('speakers', { speakers: [{ participant: 'ada', level: 20 }] });
        world.socket.notify('participant_left', { id: 'ada', reason: 'left' });
      }),
    );
    return answer?.(params);
  };
  await client.join(ROOM);
  expect(events.map(([event]) => event)).toEqual([
    'state',
    'state',
    'slots',
    'media',
    'speakers',
    'participant_left',
  ]);
});

test('missing devices are told to the room, present ones are not', async () => {
  await world.join();
  expect(world.asked('update')).toEqual([]);
  const client = world.client();
  await client.join(ROOM);
  await settle();
  expect(world.asked('update')).toEqual([{ audio_muted: true, camera_muted: true }]);
  expect([client.isMuted('microphone'), client.isMuted('camera')]).toEqual([true, true]);
});

test('one can enter muted, with a layout', async () => {
  const client = world.client();
  const microphone = new FakeTrack('audio');
  const camera = new FakeTrack('video').asTrack;
  await client.setMuted('microphone', true);
  await client.setMuted('camera', true);
  await client.setLayout({ max_cameras: 2 });
  await client.join({ ...ROOM, microphone: microphone.asTrack, camera });
  await settle();
  expect(microphone.enabled).toBe(false);
  expect(world.peer.lines[1]?.track).toBeNull();
  expect(world.asked('update')).toEqual([{ audio_muted: true, camera_muted: true }]);
  expect(world.asked('layout')).toEqual([{ max_cameras: 2 }]);
});

test('rights, limits, metadata and token go through; what may not be published is told as muted', async () => {
  const rights = { publish: ['audio'], subscribe: true, moderator: false };
  const limits = { up_camera_bps: 1, up_screen_bps: 2, up_audio_bps: 3, down_video_bps: 4 };
  world.answers['join'] = () => ({ ...world.joined('me'), rights, limits });
  const client = world.client();
  const token = vi.fn(async () => 'a token');
  const microphone = new FakeTrack('audio').asTrack;
  const camera = new FakeTrack('video').asTrack;
  await client.join({ ...ROOM, token, metadata: { seat: 1 }, microphone, camera });
  await settle();
  expect(world.asked('join')[0]).toMatchObject({ token: 'a token', metadata: { seat: 1 } });
  expect([client.rights, client.limits]).toEqual([rights, limits]);
  expect(world.asked('update')).toEqual([{ camera_muted: true }]);
  await expect(client.setTrack('camera', camera)).rejects.toMatchObject({ code: 403 });
});

for (const [code, reason] of [
  [401, 'token'],
  [403, 'join_failed'],
  [404, 'join_failed'],
  [422, 'join_failed'],
] as const) {
  test(`a join refused with ${code} throws the error and closes everything`, async () => {
    world.answers['join'] = () => new Refusal(code, 'the reason', { line: 3 });
    const client = world.client();
    const events = record(client);
    const error = await client.join(ROOM).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(IrisError);
    expect(error).toMatchObject({ code, serverMessage: 'the reason', data: { line: 3 } });
    // What is wrong and what to do.
    expect((error as IrisError).message).toMatch(/^the reason\. [A-Z].*\.$/);
    expect(valuesOf(events, 'closed')).toEqual([{ reason, detail: (error as Error).message }]);
    expect(world.peer.isClosed).toBe(true);
    expect(world.socket.closedWith).toBe(1000);
    await expect(client.join(ROOM)).rejects.toMatchObject({ code: ErrorCode.alreadyJoined });
  });
}

test('a busy server is asked again, not sooner than it says, until it has room', async () => {
  const refusals = [
    new Refusal(503, 'full', { reason: 'full', retry_after_ms: 4000 }),
    new Refusal(429, 'too fast'),
  ];
  const answer = world.answers['join'];
  world.answers['join'] = (params) => refusals.shift() ?? answer?.(params);
  const client = world.client();
  const joining = client.join(ROOM);
  await pass(4000);
  expect(world.asked('join')).toHaveLength(1);
  // Half of the first bound of 5 s on top.
  await pass(2500);
  expect(world.asked('join')).toHaveLength(2);
  await pass(2750);
  await joining;
  expect(world.asked('join')).toHaveLength(3);
  expect(world.sockets.map((socket) => socket.closedWith)).toEqual([1000, 1000, null]);
  expect(world.peers.map((peer) => peer.isClosed)).toEqual([true, true, false]);
});

test('a busy server is not asked again with `retry: false`', async () => {
  world.answers['join'] = () => new Refusal(503, 'full', { retry_after_ms: 4000 });
  const joining = world.client().join({ ...ROOM, retry: false });
  await expect(joining).rejects.toMatchObject({ code: 503, retryAfterMs: 4000 });
});

test('a server that cannot be reached, or never answers, ends the join', async () => {
  world.isUnreachable = true;
  await expect(world.client().join(ROOM)).rejects.toMatchObject({ code: ErrorCode.connection });
  world.isUnreachable = false;
  world.isStuck = true;
  const stuck = expect(world.client().join(ROOM)).rejects.toMatchObject({
    code: ErrorCode.connection,
  });
  await pass(10_000);
  await stuck;
  expect(world.socket.closedWith).toBe(1000);
  world.isStuck = false;
  world.answers['join'] = () => SILENCE;
  const silent = expect(world.client().join(ROOM)).rejects.toMatchObject({
    code: ErrorCode.connection,
  });
  await pass(10_000);
  await silent;
  expect(world.socket.closedWith).toBe(4001);
});

test('an address that is none, a token function that fails and a refused answer say so', async () => {
  const { WebSocket: _, ...rest } = world.options;
  class Picky {
    constructor() {
      throw new DOMException('not an address', 'SyntaxError');
    }
  }
  const client = world.client({ ...rest, WebSocket: Picky as unknown as typeof WebSocket });
  await expect(client.join(ROOM)).rejects.toMatchObject({ code: ErrorCode.invalidParams });
  const token = () => Promise.reject(new Error('no login'));
  await expect(world.client().join({ ...ROOM, token })).rejects.toThrow(/token function.*no login/);
  world.refusesAnswers = true;
  await expect(world.client().join(ROOM)).rejects.toMatchObject({ code: ErrorCode.badSdp });
});

test('tracks of the wrong kind and tracks that have ended are refused before anything is sent', async () => {
  const wrong = new FakeTrack('audio').asTrack;
  const ended = new FakeTrack('video');
  ended.end();
  for (const camera of [wrong, ended.asTrack]) {
    const client = world.client();
    const joining = client.join({ ...ROOM, camera });
    await expect(joining).rejects.toMatchObject({ code: ErrorCode.invalidParams });
    expect(client.state).toBe('idle');
  }
  expect(world.sockets).toHaveLength(0);
});

test('leaving while joining ends the join, also where the browser never settles', async () => {
  world.browserIsStuck = true;
  const client = world.client();
  const events = record(client);
  const joining = expect(client.join(ROOM)).rejects.toMatchObject({ code: ErrorCode.notJoined });
  await settle();
  await client.leave();
  await joining;
  expect(valuesOf(events, 'closed')).toEqual([{ reason: 'left', detail: '' }]);
  expect([world.peer.isClosed, world.socket.closedWith]).toEqual([true, 1000]);
});

test('the signal ends the join with its reason, before and while it runs', async () => {
  const before = world.client();
  await expect(before.join({ ...ROOM, signal: AbortSignal.abort('why') })).rejects.toBe('why');
  expect(before.state).toBe('closed');
  expect(world.asked('join')).toEqual([]);
  world.answers['join'] = () => new Refusal(503, 'full', { retry_after_ms: 4000 });
  const controller = new AbortController();
  const client = world.client();
  const joining = expect(client.join({ ...ROOM, signal: controller.signal })).rejects.toBe(
    'enough',
  );
  await pass(1000);
  controller.abort('enough');
  await joining;
  expect(client.state).toBe('closed');
  expect(vi.getTimerCount()).toBe(0);
});

test('media that never come end the first session with a hint, not with a loop', async () => {
  world.mediaConnects = false;
  const { client, events } = await world.join();
  world.peer.become('failed', 'failed');
  expect(client.state).toBe('closed');
  expect(valuesOf(events, 'closed')).toMatchObject([{ reason: 'media_failed' }]);
  expect(valuesOf(events, 'closed')[0]?.detail).toMatch(/UDP/);
});

test('leaving is confirmed and reported once, and nothing is emitted or running afterwards', async () => {
  const { client, events } = await world.join();
  await client.leave();
  const { socket } = world;
  socket.notify('participant_joined', { participant: { id: 'late' } });
  socket.drop(1000);
  world.peer.dispatchEvent(new Event('connectionstatechange'));
  world.changeNetwork();
  await pass(60_000);
  await client.leave();
  expect(events).toEqual([
    ['state', 'closed'],
    ['closed', { reason: 'left', detail: '' }],
  ]);
  expect(world.calls.filter((call) => call === 'leave')).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
  expect(world.networkListeners.size).toBe(0);
});

test('leaving does not wait longer than 2 s for a silent server', async () => {
  world.answers['leave'] = () => SILENCE;
  const { client } = await world.join();
  const leaving = client.leave();
  await pass(2000);
  await leaving;
  expect(client.state).toBe('closed');
});

test('before the join and after the end calls are refused with what to do', async () => {
  const idle = world.client();
  const { client } = await world.join();
  await client.leave();
  const calls = [
    () => idle.setTrack('screen', null),
    () => idle.update({ name: 'x' }),
    () => idle.sendMessage('x'),
    () => idle.restartIce(),
    () => idle.getStats(),
    () => client.setTrack('screen', null),
    () => client.setMuted('camera', true),
    () => client.update({ name: 'x' }),
    () => client.setLayout({}),
    () => client.pin([]),
    () => client.sendMessage('x'),
    () => client.muteOther('ada', 'audio'),
    () => client.removeOther('ada'),
    () => client.stats(),
    () => client.getStats(),
    () => client.restartIce(),
  ];
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({ code: ErrorCode.notJoined });
    await expect(call()).rejects.toThrow(/join\(\)/);
  }
});
