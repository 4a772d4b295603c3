/**
 * How long to wait before the next try, and nothing else: no clock, no timer, no randomness of its own.
 *
 * Full jitter: every client waits a random time below a bound that doubles. It is laid out for 500 clients that lose
 * one server at the same moment and shall all be back within 35 s of it, without a spike that the server has to refuse:
 * - The bound is 0.5 s * 2^n, but never below 5 s. With 0.5 s, the 500 would come at 1000 a second; so it is 110, and
 *   those who tried in vain do not crowd into a shorter time with their second try than with their first. (Measured by
 *   tests/browser/return.mjs: with 3 s first and second tries together made 338 joins in the fullest second, with 5 s 172.)  Nobody waits
 *   for media meanwhile if only the control channel was lost, since the PeerConnection goes on.
 * - While an outage is younger than 60 s the bound grows to 8 s and no further, so a server that was away for 15 s has
 *   seen everyone by 23 s, and those that it asked to come later by 35 s. With the usual 30 s the last would come at 45.
 * - After 60 s it is no restart any more: the bound grows to 30 s, which protects whatever is broken.
 * - What the server asks for (`retry_after_ms`) is a floor, and the jitter comes on top: the same answer given to a
 *   hundred clients must not bring all of them back at the same moment.
 */

/** The least wait, and what is doubled [ms]. */
const BASE_MS = 500;

/** The least bound: over how long the first tries after a loss are spread [ms]. */
const SPREAD_MS = 5_000;

/** The greatest bound of a young outage [ms]. */
const YOUNG_CAP_MS = 8_000;

/** How long an outage counts as young [ms]. */
const YOUNG_MS = 60_000;

/** The greatest bound of all [ms]. */
const CAP_MS = 30_000;

/** What the wait depends on. */
export interface Backoff {
  /** Tries since the loss that have failed, 0 or more. */
  attempt: number;
  /** Age of the outage [ms]. */
  elapsedMs: number;
  /** What the server asked to wait at least [ms]; 0 if nothing. */
  retryAfterMs: number;
  /** Uniform in [0, 1). */
  random: number;
}

/** The upper bound of the wait, before what the server asks for is added [ms]. */
function bound(attempt: number, elapsedMs: number): number {
  const cap = elapsedMs < YOUNG_MS ? YOUNG_CAP_MS : CAP_MS;
  return Math.min(cap, Math.max(SPREAD_MS, BASE_MS * 2 ** attempt));
}

/**
 * How long to wait before the next try.
 *
 * @returns 0.5 s to 30 s, or that much jitter on top of `retryAfterMs` [ms, whole]
 */
export function retryDelay({ attempt, elapsedMs, retryAfterMs, random }: Backoff): number {
  const most = bound(attempt, elapsedMs);
  if (retryAfterMs > 0) return Math.round(retryAfterMs + random * most);
  return Math.round(BASE_MS + random * (most - BASE_MS));
}
