/** The rules of rpc.ts: every request is settled exactly once, and nothing is reported after the end. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ErrorCode, IrisError, closeReason } from '../src/errors.js';
import { RpcConnection } from '../src/rpc.js';

/** Stands in for the browser's WebSocket; the test plays the server. */
class FakeSocket {
  static last: FakeSocket;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly sent: { id: number; method: string; params: unknown }[] = [];
  closedWith: number | null = null;

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {
    FakeSocket.last = this;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code: number): void {
    this.closedWith = code;
  }

  receive(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }
}

const original = globalThis.WebSocket;
beforeEach(() => Object.assign(globalThis, { WebSocket: FakeSocket }));
afterEach(() => Object.assign(globalThis, { WebSocket: original }));

async function open(): Promise<{ rpc: RpcConnection; socket: FakeSocket }> {
  const opening = RpcConnection.open('ws://host/v1/ws');
  const socket = FakeSocket.last;
  socket.onopen?.();
  return { rpc: await opening, socket };
}

function failsWith(code: number) {
  return (error: unknown) => error instanceof IrisError && error.code === code;
}

test('asks for the subprotocol', async () => {
  const { socket } = await open();
  assert.equal(socket.protocol, 'iris.v1');
});

test('a connection that cannot be made rejects', async () => {
  const opening = RpcConnection.open('ws://host/v1/ws');
  FakeSocket.last.onclose?.({ code: 1006, reason: '' });
  await assert.rejects(opening, failsWith(ErrorCode.connection));
});

test('answers find their requests in any order', async () => {
  const { rpc, socket } = await open();
  const first = rpc.request('layout', { audio_only: true });
  const second = rpc.request('update', { name: 'Ada' });
  const [a, b] = socket.sent;
  assert.ok(a && b && a.id !== b.id);
  assert.deepEqual([a.method, b.method], ['layout', 'update']);
  socket.receive({ jsonrpc: '2.0', id: b.id, result: {} });
  socket.receive({ jsonrpc: '2.0', id: a.id, result: { slots: [] } });
  assert.deepEqual(await second, {});
  assert.deepEqual(await first, { slots: [] });
});

test('an error carries code, message and data', async () => {
  const { rpc, socket } = await open();
  const request = rpc.request('stats', {});
  const error = { code: 503, message: 'full', data: { retry_after_ms: 500 } };
  socket.receive({ jsonrpc: '2.0', id: socket.sent[0]?.id, error });
  await assert.rejects(request, (caught: IrisError) => {
    assert.deepEqual({ code: caught.code, message: caught.message, data: caught.data }, error);
    return true;
  });
});

test('a late answer is ignored after the time limit', async () => {
  const { rpc, socket } = await open();
  const request = rpc.request('stats', {}, 1);
  await assert.rejects(request, failsWith(ErrorCode.timeout));
  socket.receive({ jsonrpc: '2.0', id: socket.sent[0]?.id, result: {} });
  assert.equal(socket.closedWith, null);
});

test('the end of the connection fails what is pending and what comes after', async () => {
  const { rpc, socket } = await open();
  const ends: unknown[] = [];
  rpc.on('closed', (end) => ends.push(end));
  const pending = rpc.request('stats', {});
  socket.onclose?.({ code: 4409, reason: 'elsewhere' });
  socket.onclose?.({ code: 1006, reason: '' });
  await assert.rejects(pending, failsWith(ErrorCode.connection));
  await assert.rejects(rpc.request('stats', {}), failsWith(ErrorCode.connection));
  assert.deepEqual(ends, [{ code: 4409, detail: 'elsewhere' }]);
});

test('notifications are reported until the end and not after it', async () => {
  const { rpc, socket } = await open();
  const seen: string[] = [];
  rpc.on('notification', ({ method }) => seen.push(method));
  socket.receive({ jsonrpc: '2.0', method: 'slots', params: { slots: [] } });
  rpc.close();
  socket.receive({ jsonrpc: '2.0', method: 'closing', params: { reason: 'left' } });
  assert.deepEqual(seen, ['slots']);
});

test('a listener that throws does not keep the next one from running', async (t) => {
  const { rpc, socket } = await open();
  const report = t.mock.method(console, 'error', () => undefined);
  let calls = 0;
  rpc.on('notification', () => {
    throw new Error('broken listener');
  });
  rpc.on('notification', () => calls++);
  socket.receive({ jsonrpc: '2.0', method: 'slots', params: { slots: [] } });
  assert.equal(calls, 1);
  assert.equal(report.mock.callCount(), 1);
});

for (const [what, message] of [
  ['text that is no JSON', '{'],
  ['an array', '[]'],
  ['a bare number', '1'],
] as const) {
  test(`a server that sends ${what} is left`, async () => {
    const { rpc, socket } = await open();
    const pending = rpc.request('stats', {});
    socket.receive(message);
    assert.equal(socket.closedWith, 4002);
    await assert.rejects(pending, failsWith(ErrorCode.connection));
  });
}

test('close codes have the meaning of docs/protocol.md', () => {
  const table: [number, string][] = [
    [1000, 'left'],
    [1006, 'connection_lost'],
    [1012, 'drained'],
    [4401, 'token'],
    [4403, 'removed'],
    [4408, 'no_join'],
    [4409, 'replaced'],
    [4413, 'slow_consumer'],
  ];
  for (const [code, reason] of table) assert.equal(closeReason(code), reason);
});
