/**
 * The state of the event stream (pure): is what the page shows live, and if not, since when and until when. Time and
 * randomness are arguments.
 *
 * The wait after the n-th failure is 1 s * 2^n, at most 15 s, of which up to a quarter is left out at random: a node has a
 * few dashboards, not hundreds of clients, and whoever waits for it looks at the page.
 */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

/** The numbers come every second; this long without any, and the stream is taken for dead [ms]. */
export const SILENCE_MS = 5000;

export type Connection =
  /** Never yet connected. */
  | { phase: 'connecting' }
  /** Numbers come. */
  | { phase: 'live' }
  /** Lost, or never had; the next try comes. Failures since the last time that numbers came. */
  | { phase: 'waiting'; sinceMs: number; failures: number; retryAtMs: number; reason: string }
  /** Lost, and a try is under way. */
  | { phase: 'retrying'; sinceMs: number; failures: number; reason: string };

export const START: Connection = { phase: 'connecting' };

/** The server is away, as far as the page knows. */
export function isLost(
  connection: Connection,
): connection is Extract<Connection, { sinceMs: number }> {
  return connection.phase === 'waiting' || connection.phase === 'retrying';
}

/** @param failures at least 1 @param random uniform in [0, 1) @returns [ms] */
export function waitMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  return Math.round(longest * (1 - random / 4));
}

/** It failed, or ended. */
export function onLost(
  before: Connection,
  reason: string,
  nowMs: number,
  random: number,
): Connection {
  const wasLost = isLost(before);
  const failures = (wasLost ? before.failures : 0) + 1;
  return {
    phase: 'waiting',
    sinceMs: wasLost ? before.sinceMs : nowMs,
    failures,
    retryAtMs: nowMs + waitMs(failures, random),
    reason,
  };
}

/** The wait is over. */
export function onRetry(before: Connection): Connection {
  if (before.phase !== 'waiting') return before;
  const { sinceMs, failures, reason } = before;
  return { phase: 'retrying', sinceMs, failures, reason };
}
