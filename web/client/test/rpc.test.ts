/** The rules of rpc.ts: every request is settled exactly once, nothing is lost before attach or reported after the end. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { environment } from '../src/environment.js';
import { closeReason, ErrorCode, IrisError } from '../src/errors.js';
import { RpcConnection } from '../src/rpc.js';
import { pass, Refusal, SILENCE, World } from './world.js';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

async function open() {
  const rpc = await RpcConnection.open(environment(world.options), 'ws://host/v1/ws');
  return { rpc, socket: world.socket };
}

function attach(rpc: RpcConnection): unknown[] {
  const seen: unknown[] = [];
  rpc.attach({
    onNotification: ({ method }) => seen.push(method),
    onClosed: (code, detail) => seen.push([code, detail]),
  });
  return seen;
}

test('answers find their requests in any order', async () => {
  world.answers = { layout: () => SILENCE, update: () => SILENCE };
  const { rpc, socket } = await open();
  const first = rpc.request('layout', { audio_only: true });
  const second = rpc.request('update', { name: 'Ada' });
  const [a, b] = socket.requests;
  expect(a?.id).not.toBe(b?.id);
  socket.receive({ jsonrpc: '2.0', id: b?.id, result: {} });
  socket.receive({ jsonrpc: '2.0', id: a?.id, result: { slots: [] } });
  expect(await second).toEqual({});
  expect(await first).toEqual({ slots: [] });
});

test('an error carries the code, the words and the data of the server, and the wait it asks for', async () => {
  world.answers['stats'] = () => new Refusal(503, 'full', { retry_after_ms: 500 });
  const { rpc } = await open();
  await expect(rpc.request('stats', {})).rejects.toMatchObject({
    code: 503,
    serverMessage: 'full',
    data: { retry_after_ms: 500 },
    retryAfterMs: 500,
  });
});

test('waits that are none count as none', () => {
  for (const wait of [-1, NaN, Infinity, '5', null, undefined]) {
    expect(new IrisError(429, 'x', { retry_after_ms: wait }).retryAfterMs).toBe(0);
  }
});

test('every code has its advice, and a code newer than the library is named', () => {
  for (const code of Object.values(ErrorCode).filter((c) => c !== ErrorCode.device)) {
    expect(new IrisError(code, 'x').message).toMatch(/^x\. [A-Z].*\.$/);
  }
  expect(new IrisError(499, 'x').message).toBe('x (code 499).');
});

test('a request times out; its late answer is ignored; the connection stays while the server says something', async () => {
  world.answers['stats'] = () => SILENCE;
  const { rpc, socket } = await open();
  const failed = expect(rpc.request('stats', {}, 1000)).rejects.toMatchObject({
    code: ErrorCode.timeout,
  });
  socket.notify('slots', { slots: [] });
  await pass(1000);
  await failed;
  socket.receive({ jsonrpc: '2.0', id: 1, result: {} });
  expect(socket.closedWith).toBeNull();
});

test('a request that times out in complete silence ends the connection', async () => {
  world.answers['stats'] = () => SILENCE;
  const { rpc, socket } = await open();
  const seen = attach(rpc);
  const failed = expect(rpc.request('stats', {})).rejects.toMatchObject({
    code: ErrorCode.connection,
  });
  await pass(10_000);
  await failed;
  expect(socket.closedWith).toBe(4001);
  expect(seen).toEqual([[4001, 'the server has gone silent']]);
});

test('the end of the connection fails what is pending and what comes after, and is told once', async () => {
  world.answers['stats'] = () => SILENCE;
  const { rpc, socket } = await open();
  const seen = attach(rpc);
  const pending = expect(rpc.request('stats', {})).rejects.toMatchObject({ code: 409 });
  socket.drop(4409, 'elsewhere');
  socket.drop(1006);
  await pending;
  await expect(rpc.request('stats', {})).rejects.toMatchObject({ serverMessage: 'elsewhere' });
  expect(seen).toEqual([[4409, 'elsewhere']]);
  expect(vi.getTimerCount()).toBe(0);
});

test('what comes before attach is kept in order, the end included', async () => {
  const { rpc, socket } = await open();
  socket.notify('slots', { slots: [] });
  socket.notify('speakers', { speakers: [] });
  socket.drop(1006);
  expect(attach(rpc)).toEqual(['slots', 'speakers', [1006, '']]);
});

test('an end that a handler causes comes after what had come before it', async () => {
  const { rpc, socket } = await open();
  socket.notify('slots', { slots: [] });
  socket.notify('speakers', { speakers: [] });
  const seen: string[] = [];
  rpc.attach({
    onNotification: ({ method }) => {
      seen.push(method);
      rpc.close();
    },
    onClosed: () => seen.push('closed'),
  });
  expect(seen).toEqual(['slots', 'speakers', 'closed']);
});

test('nothing is reported after the end', async () => {
  const { rpc, socket } = await open();
  const seen = attach(rpc);
  rpc.close();
  socket.notify('closing', { reason: 'left' });
  expect(seen).toEqual([[1000, '']]);
});

for (const [what, message] of [
  ['text that is no JSON', '{'],
  ['an array', '[]'],
  ['a bare number', '1'],
] as const) {
  test(`a server that sends ${what} is left`, async () => {
    world.answers['stats'] = () => SILENCE;
    const { rpc, socket } = await open();
    const pending = expect(rpc.request('stats', {})).rejects.toMatchObject({ code: -32600 });
    socket.receive(message);
    expect(socket.closedWith).toBe(4002);
    await pending;
  });
}

test('close codes have the meaning of docs/protocol.md', () => {
  const table: [number, string][] = [
    [1000, 'left'],
    [1002, 'protocol'],
    [1006, 'connection_lost'],
    [1007, 'protocol'],
    [1009, 'protocol'],
    [1012, 'drained'],
    [4401, 'token'],
    [4403, 'removed'],
    [4408, 'no_join'],
    [4409, 'replaced'],
    [4413, 'slow_consumer'],
  ];
  for (const [code, reason] of table) expect(closeReason(code)).toBe(reason);
});
