/**
 * JSON-RPC 2.0 over one WebSocket: requests go out and are matched with their answers by id, notifications come in.
 * It knows no method. Every request is settled exactly once: by its answer, by its time limit, or by the end of the
 * connection, and nothing is reported after {@link RpcEvents.closed}.
 */
import { Emitter } from './events.js';
import { ErrorCode, IrisError } from './errors.js';
import { SUBPROTOCOL, type Method, type Notification, type Requests } from './protocol.js';

/** How long a request waits for its answer unless told otherwise [ms]. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Our close code for a server that breaks the protocol; browsers may send only 1000 and 3000-4999. */
const CLOSE_BAD_SERVER = 4002;

/** What an {@link RpcConnection} emits. */
export interface RpcEvents {
  notification: Notification;
  /** Once, when an open connection has ended, whoever ended it. */
  closed: { code: number; detail: string };
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: IrisError): void;
  timer: ReturnType<typeof setTimeout>;
}

/** One open connection. Made by {@link RpcConnection.open}. */
export class RpcConnection extends Emitter<RpcEvents> {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #isClosed = false;

  /** Connect to `url` (ws: or wss:). Rejects with code {@link ErrorCode.connection} when that fails. */
  static open(url: string): Promise<RpcConnection> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, SUBPROTOCOL);
      socket.onopen = () => resolve(new RpcConnection(socket));
      // A browser tells a page nothing about why a connection failed, not even the status of the response.
      socket.onclose = () => reject(new IrisError(ErrorCode.connection, `no connection to ${url}`));
    });
  }

  private constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.onmessage = (event) => this.#onMessage(event.data);
    socket.onclose = (event) => this.#end(event.code, event.reason);
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
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<Requests[M]['result']> {
    if (this.#isClosed) {
      return Promise.reject(new IrisError(ErrorCode.connection, 'the connection is closed'));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#take(id)?.reject(new IrisError(ErrorCode.timeout, `no answer to ${method}`)),
        timeoutMs,
      );
      // The server is trusted for the shape of its results, as docs/protocol.md promises it.
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject, timer });
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** End the connection. {@link RpcEvents.closed} follows at once, since a dead peer would never confirm. */
  close(code = 1000, detail = ''): void {
    this.#socket.close(code, detail);
    this.#end(code, detail);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }

  #onMessage(data: unknown): void {
    if (this.#isClosed) return;
    const message = parseObject(data);
    if (!message) {
      this.close(CLOSE_BAD_SERVER, 'not a JSON object');
    } else if (typeof message['method'] === 'string') {
      // Notifications newer than this library reach nobody's switch, which is what the protocol asks for.
      this.emit('notification', message as unknown as Notification);
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
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const id of [...this.#pending.keys()]) {
      this.#take(id)?.reject(new IrisError(ErrorCode.connection, detail || 'connection lost'));
    }
    this.emit('closed', { code, detail });
  }
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
    typeof message === 'string' ? message : 'error without a message',
    data,
  );
}
