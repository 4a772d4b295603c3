/** The event stream: cut into events, kept open, opened again with back-off. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connection, SILENCE_MS, START, onLost, onRetry, waitMs } from '../src/connection.js';
import { SseParser } from '../src/sse.js';
import { EventStream } from '../src/stream.js';

describe('server-sent events', () => {
  const text = 'event: joined\ndata: {"a":1}\n\n: comment\n\nevent: x\ndata: 1\ndata:2\n\ndata\n\n';
  const events = [
    { event: 'joined', data: '{"a":1}' },
    { event: 'x', data: '1\n2' },
    { event: 'message', data: '' },
  ];

  it.each([1, 2, 7, 1000])('are the same in pieces of %s', (size) => {
    const parser = new SseParser();
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    expect(pieces.flatMap((piece) => parser.feed(piece))).toEqual(events);
  });

  it('may end their lines with a carriage return, too', () => {
    expect(new SseParser().feed(text.replace(/\n/g, '\r\n'))).toEqual(events);
  });

  it('wait for their end', () => {
    const parser = new SseParser();
    expect(parser.feed('event: a\ndata: 1\n')).toEqual([]);
    expect(parser.feed('\n')).toEqual([{ event: 'a', data: '1' }]);
  });
});

describe('back-off', () => {
  it.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [4, 8000],
    [5, 15_000],
    [50, 15_000],
  ])('after %s failures is at most %s ms, and at least three quarters of it', (failures, most) => {
    expect(waitMs(failures, 0)).toBe(most);
    expect(waitMs(failures, 0.999_999)).toBeGreaterThanOrEqual(0.75 * most - 1);
  });

  it('remembers since when, and counts until numbers come', () => {
    const first = onLost({ phase: 'live' }, 'gone', 1000, 0);
    expect(first).toMatchObject({ phase: 'waiting', sinceMs: 1000, failures: 1, retryAtMs: 2000 });
    const trying = onRetry(first);
    expect(trying).toMatchObject({ phase: 'retrying', sinceMs: 1000, failures: 1 });
    const second = onLost(trying, 'still gone', 2500, 0);
    expect(second).toMatchObject({
      sinceMs: 1000,
      failures: 2,
      retryAtMs: 4500,
      reason: 'still gone',
    });
    expect(onLost({ phase: 'live' }, 'again', 9000, 0)).toMatchObject({
      sinceMs: 9000,
      failures: 1,
    });
    expect(onRetry(START)).toBe(START);
  });
});

/** A fetch of streams that the test writes. */
class FakeServer {
  calls = 0;
  writer: WritableStreamDefaultWriter<Uint8Array> | null = null;
  /** What the next call gets in place of a stream. */
  refusal: (() => Promise<Response>) | null = null;

  readonly fetch = (_path: string, { signal }: RequestInit): Promise<Response> => {
    this.calls++;
    if (this.refusal) return this.refusal();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    this.writer = writer;
    signal?.addEventListener(
      'abort',
      () => void writer.abort(signal.reason).catch(() => undefined),
    );
    return Promise.resolve(new Response(readable));
  };

  async send(event: string, data: object): Promise<void> {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    await this.writer?.write(new TextEncoder().encode(text));
    await vi.advanceTimersByTimeAsync(0);
  }
}

describe('the stream', () => {
  let server: FakeServer;
  let states: Connection[];
  let events: string[];
  let stream: EventStream;

  beforeEach(() => {
    vi.useFakeTimers({ now: 100_000 });
    vi.spyOn(Math, 'random').mockReturnValue(0);
    server = new FakeServer();
    vi.stubGlobal('fetch', server.fetch);
    states = [];
    events = [];
    stream = new EventStream({
      onEvent: (name, data) => events.push(`${name} ${JSON.stringify(data)}`),
      onState: (state) => states.push(state),
    });
  });

  afterEach(() => vi.useRealTimers());

  const phase = () => states.at(-1)?.phase;
  const reason = () => {
    const last = states.at(-1);
    return last?.phase === 'waiting' ? last.reason : '';
  };
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  it('is live when the first event comes, not before', async () => {
    void stream.start();
    await pass(10);
    expect(phase()).toBe('connecting');
    await server.send('rates', { rooms: [] });
    expect(phase()).toBe('live');
    expect(events).toEqual(['rates {"rooms":[]}']);
  });

  it('comes back by itself when the server ends it', async () => {
    void stream.start();
    await pass(0);
    await server.send('rates', {});
    await server.writer?.close();
    await pass(0);
    expect(phase()).toBe('waiting');
    expect(reason()).toBe('The server ended the connection.');
    await pass(999);
    expect(server.calls).toBe(1);
    await pass(1);
    expect(server.calls).toBe(2);
    expect(phase()).toBe('retrying');
    await server.send('rates', {});
    expect(phase()).toBe('live');
  });

  it('waits longer each time that it is refused, and says why', async () => {
    const body = JSON.stringify({ code: 503, message: 'There are too many event streams.' });
    server.refusal = () => Promise.resolve(new Response(body, { status: 503 }));
    void stream.start();
    await pass(0);
    expect(reason()).toBe('There are too many event streams.');
    const callsAfter: [number, number][] = [
      [1000, 2],
      [2000, 3],
      [4000, 4],
      [8000, 5],
      [15_000, 6],
    ];
    for (const [waited, calls] of callsAfter) {
      await pass(waited - 1);
      expect(server.calls).toBe(calls - 1);
      await pass(1);
      expect(server.calls).toBe(calls);
    }
  });

  it('says that the server cannot be reached', async () => {
    server.refusal = () => Promise.reject(new TypeError('refused'));
    void stream.start();
    await pass(0);
    expect(reason()).toBe('The server cannot be reached.');
  });

  it('does not wait when somebody asks', async () => {
    server.refusal = () => Promise.reject(new TypeError('refused'));
    void stream.start();
    await pass(0);
    server.refusal = null;
    stream.retryNow();
    await pass(0);
    expect(server.calls).toBe(2);
    stream.retryNow(); // a try is under way
    await pass(2000);
    expect(server.calls).toBe(2);
  });

  it('takes silence for death', async () => {
    void stream.start();
    await pass(0);
    await server.send('rates', {});
    await pass(SILENCE_MS - 1);
    expect(phase()).toBe('live');
    await pass(1);
    expect(reason()).toBe('The server has fallen silent.');
    await pass(1000);
    expect(server.calls).toBe(2);
  });

  it('begins anew after an event that cannot be read', async () => {
    void stream.start();
    await pass(0);
    await server.writer?.write(new TextEncoder().encode('event: rates\ndata: {\n\n'));
    await pass(0);
    expect(reason()).toBe('The connection broke.');
  });
});
