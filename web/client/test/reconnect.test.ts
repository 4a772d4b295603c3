/** The control channel lost: when it comes back, how, with what, and what is said about it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ErrorCode } from '../src/index.js';
import {
  FakeTrack,
  pass,
  person,
  Refusal,
  settle,
  SILENCE,
  slot,
  valuesOf,
  World,
} from './world.js';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

/** The first wait with `chance` 0.5: half way between 0.5 and 3 s. */
const FIRST_MS = 2750;

for (const code of [1001, 1005, 1006, 1011, 4408, 4413]) {
  test(`close code ${code}: the session is resumed, media are not touched`, async () => {
    const { client, events } = await world.join();
    world.socket.drop(code);
    expect(client.state).toBe('reconnecting');
    expect(world.sockets).toHaveLength(1);
    await pass(FIRST_MS);
    expect(world.asked('resume')).toEqual([{ session: 'secret 1' }]);
    expect(world.peers).toHaveLength(1);
    expect(world.peer.isClosed).toBe(false);
    expect(events.map(([event]) => event)).toEqual([
      'state',
      'reconnecting',
      'state',
      'slots',
      'reconnected',
    ]);
    expect(valuesOf(events, 'reconnecting')).toEqual([
      { attempt: 1, delayMs: FIRST_MS, lost: 'websocket' },
    ]);
    expect(valuesOf(events, 'reconnected')).toEqual([{ how: 'resumed' }]);
    expect([client.state, client.id]).toEqual(['joined', 'me1']);
  });
}

for (const [code, reason] of [
  [1000, 'left'],
  [1002, 'protocol'],
  [1007, 'protocol'],
  [1009, 'protocol'],
  [4401, 'token'],
  [4403, 'removed'],
  [4409, 'replaced'],
] as const) {
  test(`close code ${code} is the end`, async () => {
    const { client, events } = await world.join();
    world.socket.notify('closing', { reason: 'because' });
    world.socket.drop(code);
    await pass(60_000);
    expect(events).toEqual([
      ['state', 'closed'],
      ['closed', { reason, code, detail: 'because' }],
    ]);
    expect([client.state, world.peer.isClosed, world.sockets.length]).toEqual(['closed', true, 1]);
  });
}

test('with `reconnect: false` every loss is the end', async () => {
  const { events } = await world.join({ reconnect: false });
  world.socket.drop(1012, 'restart');
  expect(valuesOf(events, 'closed')).toEqual([
    { reason: 'drained', code: 1012, detail: 'restart' },
  ]);
});

test('the next resume uses the session of the last one', async () => {
  await world.join();
  for (const session of ['secret 1', 'secret 2', 'secret 3']) {
    world.socket.drop(1006);
    await pass(FIRST_MS);
    expect(world.asked('resume').at(-1)).toEqual({ session });
  }
});

test('the waits grow with the tries, and begin anew after it has worked', async () => {
  const { events } = await world.join();
  world.isUnreachable = true;
  world.socket.drop(1006);
  await pass(14_000);
  world.isUnreachable = false;
  await pass(10_000);
  world.socket.drop(1006);
  const waits = valuesOf(events, 'reconnecting').map(({ attempt, delayMs }) => [attempt, delayMs]);
  expect(waits).toEqual([
    [1, 2750],
    [2, 2750],
    [3, 2750],
    [4, 2750],
    [5, 4250],
    [1, 2750],
  ]);
});

test('after 30 s there is nothing to resume: a join with a new PeerConnection, and the old one goes on until then', async () => {
  const { client, events, microphone, camera } = await world.join();
  world.isUnreachable = true;
  world.socket.drop(1006);
  await pass(30_001);
  expect(world.peers[0]?.isClosed).toBe(false);
  world.isUnreachable = false;
  world.participants = [person('bob')];
  world.slots = [slot('bob')];
  await pass(10_000);
  expect(world.asked('resume')).toEqual([]);
  expect(world.asked('join').at(-1)).toMatchObject({ room: 'lobby', name: 'me' });
  expect(world.peers.at(0)?.isClosed).toBe(true);
  expect(client.connection).toBe(world.peer as unknown);
  expect(world.peer.lines.slice(0, 2).map((line) => line.track)).toEqual([microphone, camera]);
  const begin = events.findIndex(([event, value]) => event === 'state' && value === 'joined');
  expect(events.slice(begin).map(([event]) => event)).toEqual([
    'state',
    'participant_left',
    'participant_joined',
    'slots',
    'reconnected',
    'media',
  ]);
  expect(client.slots).toMatchObject([
    { participant: 'bob', track: { id: `${world.peer.name}-6` } },
  ]);
  expect([client.id, valuesOf(events, 'reconnected')]).toEqual(['me2', [{ how: 'rejoined' }]]);
});

test('an unknown session becomes a join on the same connection, with everything told again', async () => {
  const { client } = await world.join();
  await client.setMuted('microphone', true);
  await client.setMuted('camera', true);
  await client.setTrack('screen', new FakeTrack('video').asTrack);
  await client.update({ name: 'Ada', metadata: [1] });
  await client.setLayout({ pinned: ['ada', 'gone'], max_height: 240 });
  world.answers['resume'] = () => new Refusal(404, 'no such session');
  world.socket.drop(1006);
  await pass(FIRST_MS);
  const said = world.socket.requests.map(({ method, params }) => [method, params]);
  expect(said).toEqual([
    ['resume', { session: 'secret 1' }],
    ['join', { room: 'lobby', name: 'Ada', metadata: [1], offer: 'offer 1 of pc2' }],
    ['update', { audio_muted: true, camera_muted: true, screen_sharing: true }],
    ['layout', { pinned: ['ada'], max_height: 240 }],
  ]);
  expect(world.peer.lines.slice(0, 3).map((line) => line.track === null)).toEqual([
    false,
    true,
    false,
  ]);
});

test('a drained server is joined anew, where it says, and where it was in turn', async () => {
  const { client, events } = await world.join();
  world.socket.notify('draining', { deadline_ms: 5000, url: 'https://other.example/' });
  world.socket.drop(1012);
  world.isUnreachable = true;
  await pass(FIRST_MS);
  await pass(FIRST_MS);
  world.isUnreachable = false;
  await pass(FIRST_MS);
  expect(world.sockets.map((socket) => socket.url)).toEqual([
    'wss://host/v1/ws',
    'wss://other.example/v1/ws',
    'wss://host/v1/ws',
    'wss://other.example/v1/ws',
  ]);
  expect(world.asked('resume')).toEqual([]);
  expect([client.state, valuesOf(events, 'reconnected')]).toEqual([
    'joined',
    [{ how: 'rejoined' }],
  ]);
});

test('an address of a draining server that is none is no hindrance', async () => {
  await world.join();
  world.socket.notify('draining', { deadline_ms: 5000, url: 'mailto:nobody' });
  world.socket.notify('draining', { deadline_ms: 5000, url: 'http://[' });
  world.socket.drop(1012);
  await pass(FIRST_MS);
  expect(world.socket.url).toBe('wss://host/v1/ws');
});

test('a server that asks to wait is waited for, with jitter on top, and an early network does not cut it short', async () => {
  const { events } = await world.join();
  const refusals = [new Refusal(503, 'starting', { retry_after_ms: 6000 })];
  world.answers['resume'] = () => refusals.shift() ?? world.resumed('me1');
  world.socket.drop(1006);
  await pass(FIRST_MS);
  expect(valuesOf(events, 'reconnecting').at(-1)).toEqual({
    attempt: 2,
    delayMs: 8500,
    lost: 'websocket',
  });
  world.changeNetwork();
  await pass(8499);
  expect(world.sockets).toHaveLength(2);
  await pass(1);
  expect(valuesOf(events, 'reconnected')).toHaveLength(1);
});

test('a network that is back cuts the wait short', async () => {
  const { client } = await world.join();
  world.socket.drop(1006);
  world.changeNetwork('maybe');
  world.changeNetwork();
  await pass(250);
  expect(client.state).toBe('joined');
});

for (const [code, reason] of [
  [401, 'token'],
  [403, 'join_failed'],
  [422, 'join_failed'],
] as const) {
  test(`a way back that is refused with ${code} is the end`, async () => {
    const { events } = await world.join();
    world.answers['resume'] = () => new Refusal(code, 'not again');
    world.socket.drop(1006);
    await pass(FIRST_MS);
    const detail = expect.stringMatching(/^not again\. /) as string;
    expect(valuesOf(events, 'closed')).toEqual([{ reason, detail }]);
    expect(vi.getTimerCount()).toBe(0);
  });
}

test('a close code during the way back counts like an answer', async () => {
  const { events } = await world.join();
  world.answers['resume'] = () => SILENCE;
  world.socket.drop(1006);
  await pass(FIRST_MS);
  world.socket.drop(4401, 'expired');
  await settle();
  expect(valuesOf(events, 'closed')).toMatchObject([{ reason: 'token' }]);
});

test('gives up after ten minutes, or what the options say', async () => {
  for (const giveUpAfterMs of [undefined, 60_000]) {
    world.isUnreachable = false;
    const options = giveUpAfterMs === undefined ? {} : { giveUpAfterMs };
    const { events } = await world.join(options);
    world.isUnreachable = true;
    world.socket.drop(1006);
    await pass((giveUpAfterMs ?? 600_000) - 1);
    expect(valuesOf(events, 'closed')).toEqual([]);
    await pass(31_000);
    expect(valuesOf(events, 'closed')).toMatchObject([{ reason: 'connection_lost' }]);
    expect(valuesOf(events, 'closed')[0]?.detail).toMatch(/gave up after \d+ s/);
  }
});

test('what is changed meanwhile is taken and told later; what concerns others is refused with a hint', async () => {
  const { client, microphone } = await world.join();
  world.socket.drop(1006);
  const camera = new FakeTrack('video');
  await client.setMuted('microphone', true);
  await client.setTrack('camera', camera.asTrack);
  await client.update({ name: 'Ada' });
  await client.pin(['ada']);
  expect(microphone.enabled).toBe(false);
  expect(world.peer.lines[1]?.track).toBe(camera);
  await expect(client.sendMessage('x')).rejects.toThrow(/after the event `reconnected`/);
  await expect(client.stats()).rejects.toMatchObject({ code: ErrorCode.connection });
  await expect(client.restartIce()).rejects.toMatchObject({ code: ErrorCode.connection });
  await pass(FIRST_MS);
  expect(world.socket.requests.map(({ method, params }) => [method, params])).toEqual([
    ['resume', { session: 'secret 1' }],
    ['update', { name: 'Ada', audio_muted: true }],
    ['layout', { pinned: ['ada'] }],
  ]);
});

test('an update whose answer was lost is told again; what was confirmed is not', async () => {
  const { client } = await world.join();
  await client.setMuted('camera', true);
  world.answers['update'] = () => SILENCE;
  const muting = client.setMuted('microphone', true);
  await settle();
  world.socket.drop(1006);
  await muting;
  world.answers['update'] = () => ({});
  await pass(FIRST_MS);
  expect(world.socket.requests.at(-1)?.params).toEqual({ audio_muted: true });
});

test('after a resume the differences are told as events, and nothing else', async () => {
  world.participants = [person('ada'), person('bob'), person('eve')];
  const { client, events } = await world.join();
  world.socket.drop(1006);
  world.participants = [person('ada'), person('bob', { audio_muted: true }), person('dan')];
  await pass(FIRST_MS);
  const told = events.filter(([event]) => event.startsWith('participant'));
  expect(told).toEqual([
    ['participant_left', { participant: person('eve'), reason: 'disconnected' }],
    ['participant_joined', person('dan')],
    ['participant_updated', person('bob', { audio_muted: true })],
  ]);
  expect([...client.participants.keys()]).toEqual(['ada', 'bob', 'dan']);
});

test('leaving while away ends everything at once', async () => {
  const { client, events } = await world.join();
  world.socket.drop(1006);
  await client.leave();
  await pass(60_000);
  expect(world.sockets).toHaveLength(1);
  expect(valuesOf(events, 'closed')).toEqual([{ reason: 'left', detail: '' }]);
  expect([vi.getTimerCount(), world.networkListeners.size]).toEqual([0, 0]);
});

test('leaving during a try closes what it has made', async () => {
  const { client } = await world.join();
  world.answers['resume'] = () => new Refusal(404);
  world.answers['join'] = () => SILENCE;
  world.socket.drop(1006);
  await pass(FIRST_MS);
  await client.leave();
  await settle();
  expect(world.peers.map((peer) => peer.isClosed)).toEqual([true, true]);
  expect(world.socket.closedWith).toBe(1000);
  expect(vi.getTimerCount()).toBe(0);
});

test('a connection that is lost again at once is taken up again', async () => {
  const { client, events } = await world.join();
  world.socket.drop(1006);
  const answer = world.answers['resume'];
  world.answers['resume'] = (params) => {
    const { socket } = world;
    queueMicrotask(() => queueMicrotask(() => socket.drop(1006)));
    return answer?.(params);
  };
  await pass(FIRST_MS);
  world.answers['resume'] = answer ?? (() => ({}));
  await pass(FIRST_MS);
  expect(client.state).toBe('joined');
  expect(valuesOf(events, 'state')).toEqual(['reconnecting', 'joined', 'reconnecting', 'joined']);
});

test('a token function is asked again for a rejoin', async () => {
  let count = 0;
  const client = world.client();
  await client.join({ room: 'lobby', name: 'me', token: () => `token ${++count}` });
  world.socket.drop(1012);
  await pass(FIRST_MS);
  expect(world.asked('join').map((params) => params['token'])).toEqual(['token 1', 'token 2']);
});
