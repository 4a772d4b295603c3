/** IrisClient.join and what follows it, against a played server and a PeerConnection that records the order of calls. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { IrisClient } from '../src/client.js';
import { IrisError } from '../src/errors.js';
import type { Participant } from '../src/protocol.js';

type Message = { id: number; method: string; params: Record<string, unknown> };

const calls: string[] = [];
let lines: { kind: string; init: RTCRtpTransceiverInit; mid: string | null }[] = [];
/** What the played server answers: a result, or an error. */
let answers: Record<string, { result?: unknown; error?: unknown }> = {};
/** Set: setRemoteDescription never settles, like Firefox's on a closed connection. */
let isStuck = false;

class FakeConnection {
  connectionState = 'new';
  onconnectionstatechange: (() => void) | null = null;

  constructor() {
    connection = this;
  }

  addTransceiver(track: string | { kind: string }, init: RTCRtpTransceiverInit) {
    const kind = typeof track === 'string' ? track : track.kind;
    const mid = String(lines.push({ kind, init, mid: null }) - 1);
    return { sender: { replaceTrack: async () => calls.push(`replaceTrack ${mid}`) } };
  }

  getTransceivers() {
    return lines.map((line) => ({ mid: line.mid, receiver: { track: { kind: line.kind } } }));
  }

  async createOffer() {
    calls.push('createOffer');
    return { type: 'offer', sdp: 'the offer' };
  }

  setConfiguration(configuration: RTCConfiguration) {
    calls.push(`setConfiguration ${configuration.iceServers?.length}`);
  }

  async setLocalDescription() {
    calls.push('setLocalDescription');
    lines.forEach((line, index) => (line.mid = String(index)));
  }

  async setRemoteDescription() {
    calls.push('setRemoteDescription');
    if (isStuck) await new Promise(() => undefined);
  }

  close() {
    calls.push('close');
  }
}

class FakeSocket {
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor() {
    socket = this;
    queueMicrotask(() => this.onopen?.());
  }

  send(text: string) {
    const { id, method } = JSON.parse(text) as Message;
    calls.push(method);
    const answer = answers[method] ?? { error: { code: -32601, message: 'no such method' } };
    queueMicrotask(() => this.receive({ id, ...answer }));
  }

  receive(message: object) {
    this.onmessage?.({ data: JSON.stringify({ jsonrpc: '2.0', ...message }) });
  }

  close() {}
}

let connection: FakeConnection;
let socket: FakeSocket;

function person(id: string): Participant {
  return { id, name: id, audio_muted: false, camera_muted: false, screen_sharing: false };
}

function notify(method: string, params: object): void {
  socket.receive({ method, params });
}

beforeEach(() => {
  calls.length = 0;
  lines = [];
  isStuck = false;
  answers = {
    join: {
      result: {
        participant: 'me',
        session: 'secret',
        answer: 'the answer',
        ice_servers: [{ urls: 'turn:a' }],
        participants: [person('ada')],
        slots: [{ mid: '6', kind: 'camera', participant: 'ada', state: 'live' }],
      },
    },
    leave: { result: {} },
  };
  Object.assign(globalThis, { WebSocket: FakeSocket, RTCPeerConnection: FakeConnection });
});

async function join(): Promise<IrisClient> {
  const client = new IrisClient('ws://host/v1/ws');
  await client.join({ room: 'lobby', name: 'me' });
  return client;
}

test('joins in the order of docs/protocol.md, and goes on without `update`', async () => {
  const client = await join();
  assert.deepEqual(calls, [
    'createOffer',
    'join',
    'setConfiguration 1',
    'setLocalDescription',
    'setRemoteDescription',
    'update',
  ]);
  assert.equal(client.state, 'joined');
  assert.equal(client.id, 'me');
});

test('the offer has the eleven lines in their order', async () => {
  await join();
  const order = lines.map(({ kind, init }) => `${kind} ${init.direction}`);
  assert.deepEqual(order, [
    'audio sendonly',
    'video sendonly',
    'video sendonly',
    ...Array<string>(3).fill('audio recvonly'),
    ...Array<string>(5).fill('video recvonly'),
  ]);
  const rates = (index: number) =>
    lines[index]?.init.sendEncodings?.map((e) => [e.rid, e.scaleResolutionDownBy, e.maxBitrate]);
  assert.deepEqual(rates(1), [
    ['l', 2, 150_000],
    ['h', 1, 350_000],
  ]);
  assert.deepEqual(rates(2), [[undefined, undefined, 800_000]]);
});

test('slots come with their tracks, participants come and go', async () => {
  const client = await join();
  assert.deepEqual(
    client.slots.map((slot) => [slot.participant, slot.track.kind]),
    [['ada', 'video']],
  );
  const seen: string[] = [];
  client.on('participant_joined', (p) => seen.push(`+${p.id}`));
  client.on('participant_left', ({ participant, reason }) =>
    seen.push(`-${participant.id} ${reason}`),
  );
  client.on('slots', (slots) => seen.push(`slots ${slots.length}`));
  notify('participant_joined', { participant: person('bob') });
  notify('participant_left', { id: 'ada', reason: 'left' });
  notify('participant_left', { id: 'nobody', reason: 'left' });
  notify('slots', { slots: [] });
  notify('some_later_notification', {});
  assert.deepEqual(seen, ['+bob', '-ada left', 'slots 0']);
  assert.deepEqual([...client.participants.keys()], ['bob']);
});

test('a refused join throws the error and closes everything', async () => {
  answers['join'] = { error: { code: 422, message: 'no VP8', data: { line: 3 } } };
  const client = new IrisClient('ws://host/v1/ws');
  const ends: string[] = [];
  client.on('closed', ({ reason }) => ends.push(reason));
  const refused = client.join({ room: 'lobby', name: 'me' });
  await assert.rejects(refused, (error: IrisError) => error.code === 422);
  assert.deepEqual(ends, ['join_failed']);
  assert.equal(client.state, 'closed');
  assert.ok(calls.includes('close'));
});

test('media that fails while joining ends the join, also where the browser never settles', async () => {
  isStuck = true;
  const client = new IrisClient('ws://host/v1/ws');
  const ends: string[] = [];
  client.on('closed', ({ reason }) => ends.push(reason));
  const joining = client.join({ room: 'lobby', name: 'me' });
  joining.catch(() => undefined);
  while (!calls.includes('setRemoteDescription')) await Promise.resolve();
  connection.connectionState = 'failed';
  connection.onconnectionstatechange?.();
  await assert.rejects(joining, IrisError);
  assert.deepEqual(ends, ['media_failed']);
});

test('leaving is confirmed, and reported once', async () => {
  const client = await join();
  const ends: string[] = [];
  client.on('closed', ({ reason }) => ends.push(reason));
  await client.leave();
  socket.onclose?.({ code: 1000, reason: '' });
  assert.deepEqual(ends, ['left']);
  assert.ok(calls.includes('leave'));
});

test('the reason of `closing` is handed on with the end', async () => {
  const client = await join();
  const ends: unknown[] = [];
  client.on('closed', (closed) => ends.push(closed));
  notify('closing', { reason: 'maintenance' });
  socket.onclose?.({ code: 1012, reason: '' });
  assert.deepEqual(ends, [{ reason: 'drained', code: 1012, detail: 'maintenance' }]);
});
