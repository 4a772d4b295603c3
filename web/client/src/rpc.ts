/**
 * JSON-RPC 2.0 over one WebSocket: requests go out and are matched with their answers by id, notifications come in.
 * It knows no method. Every request is settled exactly once: by its answer, by its time limit, or by the end of the
 * connection. What comes in before {@link RpcConnection.attach} is kept, in order, so that nothing is lost between
 * the answer to `join` and the moment when the client is ready for what follows it.
 */
import type { Environment } from './environment.js';
import { CLOSE_BAD_SERVER, closeError, ErrorCode, IrisError } from './errors.js';
import { SUBPROTOCOL, type Method, type Notification, type Requests } from './protocol.js';

/** How long a request waits for its answer unless told otherwise, and an opening for the connection [ms]. */
const TIMEOUT_MS = 10_000;

/** Our close code for a connection that has gone silent: a request timed out and nothing at all came meanwhile. */
export const CLOSE_SILENT = 4001;

/** Who takes what comes in. `onClosed` is called once, whoever ended the connection, and nothing after it. */
export interface RpcHandlers {
  onNotification(notification: Notification): void;
  onClosed(code: number, detail: string): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: IrisError): void;
  stopTimer(): void;
}

/** One open connection. Made by {@link RpcConnection.open}. */
export class RpcConnection {
  readonly #socket: WebSocket;
  readonly #env: Environment;
  readonly #pending = new Map<number, Pending>();
  readonly #kept: ((handlers: RpcHandlers) => void)[] = [];
  #handlers: RpcHandlers | null = null;
  #nextId = 1;
  #heard = 0;
  #ended: IrisError | null = null;

  /**
   * Connect to `url` (ws: or wss:).
   *
   * @throws {@link IrisError} with {@link ErrorCode.connection}; invalidParams if `url` is none; the signal's reason
   */
  static open(env: Environment, url: string, signal?: AbortSignal): Promise<RpcConnection> {
    return new Promise((resolve, reject) => {
      const socket = openSocket(env, url);
      const fail = (error: unknown) => {
        settle();
        socket.close();
        reject(error);
      };
      const onAbort = () => fail(signal?.reason);
      const stopTimer = env.clock.after(TIMEOUT_MS, () => fail(noConnection(url, 'in time')));
      const settle = () => {
        stopTimer();
        signal?.removeEventListener('abort', onAbort);
        socket.onopen = socket.onclose = null;
      };
      socket.onopen = () => {
        settle();
        resolve(new RpcConnection(env, socket));
      };
      // A browser tells a page nothing about why a connection failed, not even the status of the response.
      socket.onclose = () => fail(noConnection(url));
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
    });
  }

  private constructor(env: Environment, socket: WebSocket) {
    this.#env = env;
    this.#socket = socket;
    socket.onmessage = (event) => this.#onMessage(event.data);
    socket.onclose = (event) => this.#end(event.code, event.reason);
  }

  /** Hand over what has come in so far, and everything from now on. Once. */
  attach(handlers: RpcHandlers): void {
    this.#handlers = handlers;
    // One at a time: a handler may end the connection, and the end comes after what had come before.
    for (let next = this.#kept.shift(); next; next = this.#kept.shift()) next(handlers);
  }

  /**
   * Send a request and wait for its answer.
   *
   * @param timeoutMs  how long to wait [ms]
   * @throws {@link IrisError} as the server answered, or with a local code
   */
  request<M extends Method>(
    method: M,
    params: Requests[M]['params'],
    timeoutMs = TIMEOUT_MS,
  ): Promise<Requests[M]['result']> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    const heard = this.#heard;
    return new Promise((resolve, reject) => {
      const stopTimer = this.#env.clock.after(timeoutMs, () => {
        // A network that died without a word closes no WebSocket for minutes.
        if (this.#heard === heard) return this.close(CLOSE_SILENT, 'the server has gone silent');
        const what = `the server did not answer ${method} within ${timeoutMs} ms`;
        this.#take(id)?.reject(new IrisError(ErrorCode.timeout, what));
      });
      // The server is trusted for the shape of its results, as docs/protocol.md promises it.
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject, stopTimer });
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** End the connection. {@link RpcHandlers.onClosed} follows at once, since a dead peer would never confirm. */
  close(code = 1000, detail = ''): void {
    this.#socket.close(code, detail);
    this.#end(code, detail);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    pending?.stopTimer();
    this.#pending.delete(id);
    return pending;
  }

  #deliver(what: (handlers: RpcHandlers) => void): void {
    if (this.#handlers && this.#kept.length === 0) what(this.#handlers);
    else this.#kept.push(what);
  }

  #onMessage(data: unknown): void {
    if (this.#ended) return;
    this.#heard++;
    const message = parseObject(data);
    if (!message) {
      this.close(CLOSE_BAD_SERVER, 'the server sent a frame that is no JSON object');
    } else if (typeof message['method'] === 'string') {
      // Notifications newer than this library are passed on too.
      const notification = message as unknown as Notification;
      this.#deliver((handlers) => handlers.onNotification(notification));
    } else {
      this.#onAnswer(message);
    }
  }

  #onAnswer(message: Record<string, unknown>): void {
    const pending = typeof message['id'] === 'number' ? this.#take(message['id']) : undefined;
    // An answer after its time limit finds nobody waiting.
    if (!pending) return;
    const error = message['error'];
    if (error === undefined || error === null) pending.resolve(message['result']);
    else pending.reject(toError(error));
  }

  #end(code: number, detail: string): void {
    if (this.#ended) return;
    this.#ended = closeError(code, detail);
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(this.#ended);
    this.#deliver((handlers) => handlers.onClosed(code, detail));
  }
}

function openSocket(env: Environment, url: string): WebSocket {
  try {
    return new env.WebSocket(url, SUBPROTOCOL);
  } catch (error) {
    // The only thing that the constructor throws: not a WebSocket address, or ws: from a page that came by https.
    throw new IrisError(
      ErrorCode.invalidParams,
      `no connection to ${url}: ${String(error)}`,
      error,
    );
  }
}

function noConnection(url: string, when = ''): IrisError {
  return new IrisError(ErrorCode.connection, `no connection to ${url}${when && ` ${when}`}`);
}

function parseObject(data: unknown): Record<string, unknown> | null {
  if (typeof data !== 'string') return null;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function toError(error: unknown): IrisError {
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
  return new IrisError(
    typeof code === 'number' ? code : ErrorCode.invalidRequest,
    typeof message === 'string' ? message : 'the server refused without a sentence',
    data,
  );
}
