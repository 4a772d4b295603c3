/** In the room: every notification and the event that it becomes, every call and the request that it becomes. */
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

test('people come, change and go', async () => {
  const { client, events } = await world.join();
  const renamed = person('bob', { name: 'Robert' });
  world.socket.notify('participant_joined', { participant: person('bob') });
  world.socket.notify('participant_updated', { participant: renamed });
  world.socket.notify('participant_left', { id: 'ada', reason: 'timeout' });
  world.socket.notify('participant_left', { id: 'nobody', reason: 'left' });
  expect(events).toEqual([
    ['participant_joined', person('bob')],
    ['participant_updated', renamed],
    ['participant_left', { participant: person('ada'), reason: 'timeout' }],
  ]);
  expect([...client.participants.values()]).toEqual([renamed]);
});

test('slots come with the tracks of their lines; lines that do not exist are left out', async () => {
  const { client, events } = await world.join();
  expect(client.slots).toMatchObject([{ participant: 'ada', track: { id: 'pc1-6' } }]);
  const slots = [slot('bob', { state: 'paused', reason: 'bandwidth' }), slot('eve', { mid: '99' })];
  world.socket.notify('slots', { slots });
  expect(valuesOf(events, 'slots')).toMatchObject([[{ participant: 'bob', reason: 'bandwidth' }]]);
  expect(valuesOf(events, 'slots')[0]).toHaveLength(1);
});

test('everything else that the server says becomes an event of its own', async () => {
  const { events } = await world.join();
  const evidence = { what: 'downlink_short', value: 0.62, unit: '0-1', limit: 0.6 };
  const verdict = { quality: 'poor', cause: 'downlink', evidence };
  const said: [string, object, unknown][] = [
    [
      'speakers',
      { speakers: [{ participant: 'ada', level: 30 }] },
      [{ participant: 'ada', level: 30 }],
    ],
    ['limit', { kind: 'camera', limit_bps: 1, measured_bps: 2 }, undefined],
    ['quality', { verdict }, verdict],
    ['message', { from: 'ada', data: { text: 'hello' } }, undefined],
    ['draining', { deadline_ms: 1000, url: null }, undefined],
  ];
  for (const [method, params] of said) world.socket.notify(method, params);
  world.socket.notify('news', { x: 1 });
  expect(events).toEqual([
    ...said.map(([method, params, value]) => [method, value ?? params]),
    ['notification', { jsonrpc: '2.0', method: 'news', params: { x: 1 } }],
  ]);
});

test('a listener that throws keeps neither the others nor the client from going on', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { client } = await world.join();
  let calls = 0;
  client.on('speakers', () => {
    throw new Error('broken listener');
  });
  const stop = client.on('speakers', () => calls++);
  world.socket.notify('speakers', { speakers: [] });
  stop();
  world.socket.notify('speakers', { speakers: [] });
  expect([calls, report.mock.calls.length]).toEqual([1, 2]);
});

test('a listener that leaves ends the events at once', async () => {
  const { client, events } = await world.join();
  client.on('participant_joined', () => void client.leave());
  world.answers['leave'] = () => SILENCE;
  world.socket.notify('participant_joined', { participant: person('bob') });
  world.socket.drop(1000);
  world.socket.notify('participant_joined', { participant: person('eve') });
  expect(events.map(([event]) => event)).toEqual(['participant_joined', 'state', 'closed']);
});

test('each call is the request of docs/protocol.md', async () => {
  const { client } = await world.join();
  await client.sendMessage({ text: 'hi' });
  await client.sendMessage('psst', 'ada');
  await client.muteOther('ada', 'audio');
  await client.removeOther('ada');
  await client.removeOther('ada', 'noise');
  expect(await client.stats()).toEqual({ verdict: { quality: 'good' } });
  expect(await client.getStats()).toEqual(new Map([['peer', 'pc1']]));
  const asked = world.socket.requests.slice(1).map(({ method, params }) => [method, params]);
  expect(asked).toEqual([
    ['message', { data: { text: 'hi' } }],
    ['message', { to: 'ada', data: 'psst' }],
    ['mute', { participant: 'ada', kind: 'audio' }],
    ['remove', { participant: 'ada' }],
    ['remove', { participant: 'ada', reason: 'noise' }],
    ['stats', {}],
  ]);
});

test('what is refused rejects with the server words and what to do', async () => {
  world.answers['remove'] = () => new Refusal(403, 'moderators only');
  world.answers['message'] = () => new Refusal(429, 'too many messages', { retry_after_ms: 300 });
  const { client } = await world.join();
  await expect(client.removeOther('ada')).rejects.toThrow(/^moderators only\. Ask for a token/);
  await expect(client.sendMessage('x')).rejects.toMatchObject({ code: 429, retryAfterMs: 300 });
});

test('the layout adds up, and its slots are taken over when they are new', async () => {
  const { client, events } = await world.join();
  await client.pin(['ada']);
  expect(events).toEqual([]);
  world.answers['layout'] = () => ({ slots: [slot(null)] });
  await client.setLayout({ max_cameras: 1, max_height: 240 });
  await client.setLayout({ max_cameras: 4 });
  expect(world.asked('layout')).toEqual([
    { pinned: ['ada'] },
    { pinned: ['ada'], max_cameras: 1, max_height: 240 },
    { pinned: ['ada'], max_cameras: 4, max_height: 240 },
  ]);
  expect(valuesOf(events, 'slots')).toMatchObject([[{ participant: null }]]);
  world.answers['layout'] = () => new Refusal(-32602, 'max_cameras is 0 to 4');
  await expect(client.setLayout({ max_cameras: 9 })).rejects.toMatchObject({ code: -32602 });
});

test('a muted microphone keeps its line, a muted camera leaves it', async () => {
  const { client, microphone, camera } = await world.join();
  await client.setMuted('microphone', true);
  await client.setMuted('camera', true);
  expect([microphone.enabled, world.peer.lines[0]?.track]).toEqual([false, microphone]);
  expect([camera.enabled, world.peer.lines[1]?.track]).toEqual([true, null]);
  expect([client.isMuted('microphone'), client.isMuted('camera')]).toEqual([true, true]);
  await client.setMuted('microphone', false);
  await client.setMuted('camera', false);
  expect([microphone.enabled, world.peer.lines[1]?.track]).toEqual([true, camera]);
  expect(world.asked('update')).toEqual([
    { audio_muted: true },
    { camera_muted: true },
    { audio_muted: false },
    { camera_muted: false },
  ]);
});

test('another device: muted stays muted, a larger camera is scaled, null is told', async () => {
  const { client } = await world.join();
  await client.setMuted('microphone', true);
  const microphone = new FakeTrack('audio');
  await client.setTrack('microphone', microphone.asTrack);
  expect([microphone.enabled, client.isMuted('microphone')]).toEqual([false, true]);
  await client.setTrack('camera', new FakeTrack('video', 720).asTrack);
  expect(world.calls.at(-1)).toBe('scale 3,1.5');
  await client.setTrack('camera', null);
  await client.setTrack('screen', new FakeTrack('video').asTrack);
  await client.setTrack('screen', null);
  expect(world.asked('update')).toEqual([
    { audio_muted: true },
    { camera_muted: true },
    { screen_sharing: true },
    { screen_sharing: false },
  ]);
});

test('the line of the screen is active only while there is one: idle, it would take rate from the camera', async () => {
  const { client } = await world.join();
  expect(world.peer.lines[2]?.init.sendEncodings).toMatchObject([{ active: false }]);
  await client.setTrack('screen', new FakeTrack('video').asTrack);
  await client.setTrack('screen', null);
  expect(world.calls.filter((call) => /^(active|replaceTrack 2)/.test(call))).toEqual([
    'replaceTrack 2',
    'active true',
    'replaceTrack 2',
    'active false',
  ]);
});

test('a track that ends by itself is taken off its line and told; one that was replaced is not', async () => {
  const { client, microphone, camera } = await world.join();
  await client.setTrack('microphone', new FakeTrack('audio').asTrack);
  microphone.end();
  camera.end();
  await settle();
  expect(world.peer.lines[0]?.track).not.toBeNull();
  expect(world.peer.lines[1]?.track).toBeNull();
  expect(world.asked('update')).toEqual([{ camera_muted: true }]);
});

test('a track that the browser does not take leaves everything as it was', async () => {
  const { client } = await world.join();
  world.refusesTracks = true;
  const screen = new FakeTrack('video').asTrack;
  await expect(client.setTrack('screen', screen)).rejects.toMatchObject({ code: -32602 });
  world.refusesTracks = false;
  await client.update({ name: 'x' });
  expect(world.asked('update')).toEqual([{ name: 'x' }]);
});

test('changes made while an update is under way follow in one more, the latest state last', async () => {
  const { client } = await world.join();
  world.answers['update'] = () => SILENCE;
  void client.setMuted('microphone', true);
  await settle();
  void client.setMuted('microphone', false);
  void client.setMuted('camera', true);
  const done = client.update({ name: 'Ada' });
  await settle();
  expect(world.asked('update')).toHaveLength(1);
  world.answers['update'] = () => ({});
  world.socket.receive({ jsonrpc: '2.0', id: world.socket.requests.at(-1)?.id, result: {} });
  await done;
  expect(world.asked('update')).toEqual([
    { audio_muted: true },
    { name: 'Ada', audio_muted: false, camera_muted: true },
  ]);
});

test('a refused name is not kept, a busy server is told later', async () => {
  const { client } = await world.join();
  world.answers['update'] = () => new Refusal(-32602, 'name too long');
  await expect(client.update({ name: 'x'.repeat(200) })).rejects.toMatchObject({ code: -32602 });
  const refusals = [new Refusal(429, 'slowly', { retry_after_ms: 2000 })];
  world.answers['update'] = () => refusals.shift() ?? {};
  const muting = client.setMuted('microphone', true);
  await pass(1999);
  expect(world.asked('update').slice(1)).toEqual([{ audio_muted: true }]);
  await pass(2501);
  await muting;
  expect(world.asked('update').slice(2)).toEqual([{ audio_muted: true }]);
});

test('a server without `update` does not keep anybody from muting', async () => {
  delete world.answers['update'];
  const { client, microphone } = await world.join();
  await client.setMuted('microphone', true);
  expect(microphone.enabled).toBe(false);
});

test('a moderator mutes: nothing is sent, it is an event, and it can be taken back', async () => {
  const { client, events, microphone } = await world.join();
  const screen = new FakeTrack('video').asTrack;
  await client.setTrack('screen', screen);
  const muted = person('me1', { audio_muted: true, camera_muted: true });
  world.socket.notify('participant_updated', { participant: muted });
  await settle();
  expect(events).toEqual([
    ['muted', { kind: 'microphone', by: 'moderator' }],
    ['muted', { kind: 'camera', by: 'moderator' }],
    ['muted', { kind: 'screen', by: 'moderator' }],
  ]);
  expect(microphone.enabled).toBe(false);
  expect(world.peer.lines.slice(1, 3).map((line) => line.track)).toEqual([null, null]);
  expect([...client.participants.keys()]).toEqual(['ada']);
  // The server knows it already.
  expect(world.asked('update')).toEqual([{ screen_sharing: true }]);
  await client.setMuted('microphone', false);
  expect(microphone.enabled).toBe(true);
  expect(world.asked('update').at(-1)).toEqual({ audio_muted: false });
});

test('another shares a screen: ours is not sent any more, it is an event, and it can be taken back', async () => {
  const { client, events } = await world.join();
  const screen = new FakeTrack('video').asTrack;
  await client.setTrack('screen', screen);
  const ada = person('ada', { screen_sharing: true });
  world.socket.notify('participant_updated', { participant: ada });
  world.socket.notify('participant_updated', { participant: person('me1') });
  await settle();
  expect(events).toEqual([
    ['participant_updated', ada],
    ['muted', { kind: 'screen', by: 'sharer', participant: ada }],
  ]);
  expect(world.peer.lines[2]?.track).toBeNull();
  // The server knows it already.
  expect(world.asked('update')).toEqual([{ screen_sharing: true }]);
  await client.setTrack('screen', screen);
  expect(world.peer.lines[2]?.track).toBe(screen);
  expect(world.asked('update').at(-1)).toEqual({ screen_sharing: true });
});

test('while another shares, a moderator who mutes our microphone is a moderator', async () => {
  const { events } = await world.join();
  const ada = person('ada', { screen_sharing: true });
  world.socket.notify('participant_updated', { participant: ada });
  world.socket.notify('participant_updated', { participant: person('me1', { audio_muted: true }) });
  await settle();
  expect(events.at(-1)).toEqual(['muted', { kind: 'microphone', by: 'moderator' }]);
});

test('a moderator who mutes one thing does not undo what is just being told of another', async () => {
  const { client, events } = await world.join();
  world.answers['update'] = () => SILENCE;
  const sharing = client.setTrack('screen', new FakeTrack('video').asTrack);
  await settle();
  world.socket.notify('participant_updated', { participant: person('me1', { audio_muted: true }) });
  world.socket.receive({ jsonrpc: '2.0', id: world.socket.requests.at(-1)?.id, result: {} });
  await sharing;
  expect(events).toEqual([['muted', { kind: 'microphone', by: 'moderator' }]]);
  expect(world.peer.lines[2]?.track).not.toBeNull();
  expect(world.asked('update')).toEqual([{ screen_sharing: true }]);
});

test('errors of calls that lose their connection are of the connection', async () => {
  const { client } = await world.join({ reconnect: false });
  world.answers['message'] = () => SILENCE;
  const sending = expect(client.sendMessage('x')).rejects.toMatchObject({
    code: ErrorCode.connection,
  });
  world.socket.drop(1006);
  await sending;
});
