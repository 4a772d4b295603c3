/**
 * What can go wrong, as values: a failed request is an {@link IrisError}, the end of a session a {@link Closed}.
 * Both carry a machine-readable cause and a sentence; the sentence is for logs, a page words its own.
 */

/** Codes of {@link IrisError}: JSON-RPC 2.0's own, those of docs/protocol.md section 2, and two that arise here. */
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
} as const;

/** A request that failed, at the server or on the way. */
export class IrisError extends Error {
  override readonly name = 'IrisError';

  /**
   * @param code     one of {@link ErrorCode}, or a code newer than this library
   * @param message  the server's sentence
   * @param data     what the server added, for instance `{ line }` with 422 or `{ retry_after_ms }` with 429 and 503
   */
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
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
  /** The server's own words, where it gave some. */
  detail: string;
}

/** Close codes of docs/protocol.md section 2; every other one means that the connection was lost. */
const CLOSE_REASONS: ReadonlyMap<number, CloseReason> = new Map([
  [1000, 'left'],
  [1002, 'protocol'],
  [1007, 'protocol'],
  [1009, 'protocol'],
  [1012, 'drained'],
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
