/** The media lost, or about to be: ICE restarts, what triggers them, and the rejoin when they do not help. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ErrorCode } from '../src/index.js';
import { pass, Refusal, settle, SILENCE, valuesOf, World } from './world.js';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const RESTART = [
  'createOffer restart',
  'offer',
  'setLocalDescription offer 2 of pc1',
  'setRemoteDescription the answer to a restart',
];

test('a restart asks with a new offer and applies the answer, nothing before it', async () => {
  const { client } = await world.join();
  world.calls.length = 0;
  await client.restartIce();
  expect(world.calls).toEqual(RESTART);
  expect(world.asked('offer')).toEqual([{ offer: 'offer 2 of pc1' }]);
  expect(client.state).toBe('joined');
});

test('restarts are one at a time', async () => {
  const { client } = await world.join();
  world.calls.length = 0;
  await Promise.all([client.restartIce(), client.restartIce()]);
  expect(world.calls).toEqual(RESTART);
  await client.restartIce();
  expect(world.asked('offer')).toHaveLength(2);
});

test('a refused restart leaves the connection as it was', async () => {
  const { client } = await world.join();
  world.calls.length = 0;
  world.answers['offer'] = () => new Refusal(422, 'other lines', { line: 2 });
  await expect(client.restartIce()).rejects.toMatchObject({ code: 422, data: { line: 2 } });
  expect(world.calls).toEqual(RESTART.slice(0, 2));
});

test('several signs of one change of network are one restart, though the media still flow', async () => {
  const { events } = await world.join();
  world.changeNetwork();
  await pass(100);
  world.changeNetwork();
  await pass(200);
  expect(world.asked('offer')).toHaveLength(1);
  // It has worked as far as anybody can see, so nothing follows.
  await pass(20_000);
  expect(world.asked('offer')).toHaveLength(1);
  expect(events.filter(([event]) => event !== 'media')).toEqual([]);
});

test('another network within the 15 s is another restart', async () => {
  await world.join();
  world.changeNetwork();
  await pass(1000);
  world.changeNetwork();
  await pass(1000);
  expect(world.asked('offer')).toHaveLength(2);
});

test('a network that may have changed is a restart only if the media are interrupted', async () => {
  await world.join();
  world.changeNetwork('maybe');
  await pass(1000);
  expect(world.asked('offer')).toHaveLength(0);
  world.mediaConnects = false;
  world.peer.become('disconnected', 'disconnected');
  world.changeNetwork('maybe');
  await pass(200);
  expect(world.asked('offer')).toHaveLength(1);
});

test('an interruption of 250 ms is a restart, a shorter one is not', async () => {
  const { events } = await world.join();
  world.peer.become('disconnected', 'disconnected');
  await pass(200);
  world.peer.become('connected', 'connected');
  await pass(5000);
  expect(world.asked('offer')).toHaveLength(0);
  world.peer.become('disconnected', 'disconnected');
  await pass(250);
  expect(world.asked('offer')).toHaveLength(1);
  await pass(60_000);
  expect(world.asked('offer')).toHaveLength(1);
  const states = ['disconnected', 'connected', 'disconnected', 'connected'];
  expect(valuesOf(events, 'media')).toEqual(states);
});

test('ICE that failed is a restart at once; that it worked makes the next failure a new one', async () => {
  const { client } = await world.join();
  for (const count of [1, 2]) {
    world.peer.become('failed', 'failed');
    await settle();
    expect(world.asked('offer')).toHaveLength(count);
    expect(client.state).toBe('joined');
  }
});

test('media that do not come back in 15 s: the old participant leaves, a new one joins', async () => {
  const { client, events } = await world.join();
  world.mediaConnects = false;
  world.peer.become('disconnected', 'disconnected');
  await pass(250 + 14_999);
  expect(client.state).toBe('joined');
  const [old] = world.sockets;
  await pass(1);
  expect(client.state).toBe('reconnecting');
  expect(old?.requests.at(-1)?.method).toBe('leave');
  await settle();
  expect(old?.closedWith).toBe(1000);
  old?.notify('speakers', { speakers: [] });
  old?.drop(1000);
  world.mediaConnects = true;
  await pass(2750);
  expect(world.asked('resume')).toEqual([]);
  expect(valuesOf(events, 'reconnecting')).toEqual([{ attempt: 1, delayMs: 2750, lost: 'media' }]);
  expect(valuesOf(events, 'reconnected')).toEqual([{ how: 'rejoined' }]);
  expect(valuesOf(events, 'speakers')).toEqual([]);
  expect([client.state, client.id, world.peers[0]?.isClosed]).toEqual(['joined', 'me2', true]);
});

test('ICE that fails again after a restart is not waited for', async () => {
  const { client } = await world.join();
  world.mediaConnects = false;
  world.peer.become('failed', 'failed');
  await pass(1000);
  world.peer.become('connecting', 'checking');
  world.peer.become('failed', 'failed');
  expect(client.state).toBe('reconnecting');
});

test('a failure that is not of ICE is a rejoin', async () => {
  const { client } = await world.join();
  world.peer.become('failed', 'connected');
  await pass(200);
  expect(client.state).toBe('reconnecting');
  expect(world.asked('offer')).toHaveLength(0);
});

test('a restart that the server refuses is a rejoin', async () => {
  const { client } = await world.join();
  world.answers['offer'] = () => new Refusal(404, 'who?');
  world.peer.become('failed', 'failed');
  await settle();
  expect(client.state).toBe('reconnecting');
});

test('a rejoin whose media do not come is another one, with growing waits', async () => {
  const { events } = await world.join();
  world.mediaConnects = false;
  world.peer.become('failed', 'connected');
  await pass(200 + 2750 + 15_000);
  await pass(2750 + 15_000);
  expect(valuesOf(events, 'reconnecting')).toHaveLength(3);
  expect(world.peers.slice(0, -1).every((peer) => peer.isClosed)).toBe(true);
});

test('with `reconnect: false` lost media are the end', async () => {
  const { events } = await world.join({ reconnect: false });
  world.peer.become('failed', 'connected');
  await pass(200);
  expect(valuesOf(events, 'closed')).toMatchObject([{ reason: 'media_failed' }]);
});

test('a restart that is due while the control channel is away follows when it is back', async () => {
  const { client } = await world.join();
  world.mediaConnects = false;
  world.socket.drop(1006);
  world.peer.become('disconnected', 'disconnected');
  await pass(2700);
  expect(world.asked('offer')).toHaveLength(0);
  world.mediaConnects = true;
  await pass(100);
  expect(world.socket.requests.map(({ method }) => method)).toEqual(['resume', 'offer']);
  expect(client.state).toBe('joined');
  await pass(20_000);
  expect(world.asked('offer')).toHaveLength(1);
});

test('media that are lost for good while the control channel is away are a rejoin when it is back', async () => {
  const { client, events } = await world.join();
  world.socket.drop(1006);
  world.peer.become('failed', 'connected');
  await pass(2750);
  expect(valuesOf(events, 'reconnected')).toEqual([{ how: 'resumed' }]);
  await pass(2750);
  expect(valuesOf(events, 'reconnected').at(-1)).toEqual({ how: 'rejoined' });
  expect(client.connection).toBe(world.peers[1] as unknown);
});

test('a network that died without a word: the unanswered restart ends the control channel, the resume restarts', async () => {
  const { client, events } = await world.join();
  world.mediaConnects = false;
  world.answers['offer'] = () => SILENCE;
  world.peer.become('disconnected', 'disconnected');
  await pass(250 + 400);
  expect(world.sockets[0]?.closedWith).toBe(4001);
  world.mediaConnects = true;
  world.answers['offer'] = () => ({ answer: 'now' });
  await pass(300); // at once: the loss is ours alone
  expect(client.state).toBe('joined');
  expect(valuesOf(events, 'reconnected')).toEqual([{ how: 'resumed' }]);
  expect(world.peer.connectionState).toBe('connected');
});

test('a restart that is under way when the client leaves is called off quietly', async () => {
  world.answers['offer'] = () => SILENCE;
  const { client } = await world.join();
  const restarting = expect(client.restartIce()).rejects.toMatchObject({
    code: ErrorCode.connection,
  });
  await settle();
  await client.leave();
  await restarting;
  expect(vi.getTimerCount()).toBe(0);
});

test('live slots that fall silent all at once are a restart; nothing steady before, or no live slot, is not', async () => {
  await world.join();
  const live = (state: string) => [
    { mid: '3', kind: 'audio', participant: 'bob', state },
    { mid: '6', kind: 'camera', participant: 'bob', state },
    { mid: '10', kind: 'screen', participant: 'bob', state: 'live' },
  ];
  const hear = async (times: number) => {
    for (let i = 0; i < times; i++) {
      world.rtpTimestamp += 960;
      await pass(200);
    }
  };
  world.socket.notify('slots', { slots: live('live') });
  await pass(5000); // nothing ever came: a page may not play the slots
  expect(world.asked('offer')).toHaveLength(0);
  await hear(10);
  world.socket.notify('slots', { slots: live('paused') });
  await pass(5000);
  expect(world.asked('offer')).toHaveLength(0);
  world.socket.notify('slots', { slots: live('live') });
  await hear(10);
  await pass(600);
  expect(world.asked('offer')).toHaveLength(0);
  await pass(400);
  expect(world.asked('offer')).toHaveLength(1);
  await pass(20_000); // once, until something comes again
  expect(world.asked('offer')).toHaveLength(1);
});

test('a server that is slow but not silent is asked again, and waited for', async () => {
  const { client } = await world.join();
  world.mediaConnects = false;
  world.answers['offer'] = () => SILENCE;
  world.peer.become('disconnected', 'disconnected');
  await pass(300);
  world.socket.notify('speakers', { speakers: [] });
  await pass(600);
  expect(world.asked('offer')).toHaveLength(2);
  world.socket.notify('speakers', { speakers: [] });
  await pass(2000);
  expect(client.state).toBe('joined');
});
