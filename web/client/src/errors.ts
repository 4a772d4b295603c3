/**
 * What can go wrong, as values: a failed call is an {@link IrisError}, the end of a session a {@link Closed}.
 * Both carry a machine-readable cause and a sentence for developers: what is wrong and what to do. A page words its
 * own sentences for people by the code.
 */

/** Codes of {@link IrisError}: JSON-RPC 2.0's own, those of docs/protocol.md section 2, and four that arise here. */
export const ErrorCode = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  badToken: 401,
  notAllowed: 403,
  notFound: 404,
  alreadyJoined: 409,
  tooLarge: 413,
  badSdp: 422,
  tooManyRequests: 429,
  unavailable: 503,
  /** Local: the connection could not be made, or ended before the answer came. */
  connection: -1,
  /** Local: no answer in time. */
  timeout: -2,
  /** Local: the client is not in a room, or no longer. */
  notJoined: -3,
  /** Local: a camera, a microphone or a screen could not be had; see `DeviceError`. */
  device: -4,
} as const;

/** What to do about each code. */
const ADVICE: ReadonlyMap<number, string> = new Map<number, string>([
  [
    ErrorCode.parseError,
    'This is a fault of the library or of a proxy that changes frames: report it.',
  ],
  [ErrorCode.invalidRequest, 'This is a fault of the library: report it.'],
  [ErrorCode.methodNotFound, 'The server is older than this library: update the server.'],
  [
    ErrorCode.invalidParams,
    'Correct the arguments of the call; docs/protocol.md has their limits.',
  ],
  [ErrorCode.badToken, 'Get a new token for this room and join with a new client.'],
  [ErrorCode.notAllowed, 'Ask for a token with that right, or do not offer the action.'],
  [ErrorCode.notFound, 'Check the id against `participants`; it may have left meanwhile.'],
  [ErrorCode.alreadyJoined, 'Use one client for one participation.'],
  [ErrorCode.tooLarge, 'Send less: metadata up to 1 KiB, messages up to 16 KiB as JSON.'],
  [ErrorCode.badSdp, 'The browser offered no Opus or no VP8: use one that has both.'],
  [ErrorCode.tooManyRequests, 'Wait `data.retry_after_ms` before the next try.'],
  [ErrorCode.unavailable, 'Wait `data.retry_after_ms` and try again.'],
  [ErrorCode.connection, 'Check the address, the network and the certificate, then try again.'],
  [ErrorCode.timeout, 'The server or the network is slow: try again.'],
  [ErrorCode.notJoined, 'Call join() first; a client that has closed cannot be used again.'],
]);

/** A call that failed, at the server, on the way or here. `message` says what is wrong and what to do. */
export class IrisError extends Error {
  override readonly name: string = 'IrisError';

  /**
   * @param code           one of {@link ErrorCode}, or a code newer than this library
   * @param serverMessage  what is wrong, without a full stop; the server's words if it was the server that refused
   * @param data           what the server added, for instance `{ line }` with 422 or `{ retry_after_ms }` with 429
   *                       and 503
   * @param advice         what to do, instead of the code's usual advice
   */
  constructor(
    readonly code: number,
    readonly serverMessage: string,
    readonly data?: unknown,
    advice: string | undefined = ADVICE.get(code),
  ) {
    super(advice ? `${serverMessage}. ${advice}` : `${serverMessage} (code ${code}).`);
  }

  /** How long the server asks to wait before the next try [ms]; 0 if it does not. */
  get retryAfterMs(): number {
    const wait = (this.data as { retry_after_ms?: unknown } | null | undefined)?.retry_after_ms;
    return typeof wait === 'number' && Number.isFinite(wait) && wait > 0 ? wait : 0;
  }
}

/** Whether the server asked to come back later, so that a later try may succeed. */
export function isBusy(error: unknown): error is IrisError {
  return (
    error instanceof IrisError &&
    (error.code === ErrorCode.tooManyRequests || error.code === ErrorCode.unavailable)
  );
}

/** Whether nobody refused: there was no connection, or no answer on it. */
export function isLost(error: unknown): error is IrisError {
  return (
    error instanceof IrisError &&
    (error.code === ErrorCode.connection || error.code === ErrorCode.timeout)
  );
}

/** Why a session ended. `left` is the only one that its own user asked for. */
export type CloseReason =
  | 'left'
  | 'protocol'
  | 'drained'
  | 'token'
  | 'removed'
  | 'no_join'
  | 'replaced'
  | 'slow_consumer'
  | 'connection_lost'
  | 'media_failed'
  | 'join_failed';

/** The end of a session. */
export interface Closed {
  reason: CloseReason;
  /** The WebSocket's close code, where it was the WebSocket that ended. */
  code?: number;
  /** More about it, where there is more: the server's own words, or a sentence of the library's. */
  detail: string;
}

/** Our close code for a server that breaks the protocol; browsers may send only 1000 and 3000-4999. */
export const CLOSE_BAD_SERVER = 4002;

/** Close codes of docs/protocol.md section 2; every other one means that the connection was lost. */
const CLOSE_REASONS: ReadonlyMap<number, CloseReason> = new Map([
  [1000, 'left'],
  [1002, 'protocol'],
  [1007, 'protocol'],
  [1009, 'protocol'],
  [1012, 'drained'],
  [CLOSE_BAD_SERVER, 'protocol'],
  [4401, 'token'],
  [4403, 'removed'],
  [4408, 'no_join'],
  [4409, 'replaced'],
  [4413, 'slow_consumer'],
]);

/** The meaning of a WebSocket close code. */
export function closeReason(code: number): CloseReason {
  return CLOSE_REASONS.get(code) ?? 'connection_lost';
}

/** Ends that the server means, or that would only happen again: nothing is gained by coming back. */
const FINAL: ReadonlySet<CloseReason> = new Set([
  'left',
  'protocol',
  'token',
  'removed',
  'replaced',
]);

/** Whether a session that ended so is over, rather than to be taken up again. */
export function isFinal(reason: CloseReason): boolean {
  return FINAL.has(reason);
}

/** Close codes that say by themselves what a request on that connection failed of. */
const CLOSE_ERRORS: ReadonlyMap<CloseReason, number> = new Map([
  ['protocol', ErrorCode.invalidRequest],
  ['token', ErrorCode.badToken],
  ['removed', ErrorCode.notAllowed],
  ['replaced', ErrorCode.alreadyJoined],
]);

/** What becomes of a request whose connection ended before the answer. */
export function closeError(code: number, detail: string): IrisError {
  const reason = closeReason(code);
  const sentence = detail || `the connection ended (${reason}, close code ${code})`;
  return new IrisError(CLOSE_ERRORS.get(reason) ?? ErrorCode.connection, sentence);
}

/** Why a session ends because of an error that was met on the way in; `otherwise` unless the error says it. */
export function endReason(error: unknown, otherwise: CloseReason): CloseReason {
  return error instanceof IrisError && error.code === ErrorCode.badToken ? 'token' : otherwise;
}

/** What an error says. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error of a call before `join` and after the end. */
export function notInRoom(): IrisError {
  return new IrisError(ErrorCode.notJoined, 'the client is not in a room');
}

/** The error of a call that needs the control channel while there is none. */
export function noChannel(method: string): IrisError {
  return new IrisError(
    ErrorCode.connection,
    `there is no control channel for ${method} at the moment`,
    undefined,
    'Try again after the event `reconnected`.',
  );
}
