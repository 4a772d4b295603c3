/** The loop around one try: wait as backoff.ts says, try, and go on while it is worth it. What is tried is not known here. */
import { retryDelay } from './backoff.js';
import { sleep, type Environment } from './environment.js';
import { ErrorCode, IrisError } from './errors.js';

/** How soon after the network is back a waiting client tries at the latest; all behind one access point come at once [ms]. */
const WAKE_JITTER_MS = 500;

/** Since when nothing works, and what has been tried. Lives until everything works again. */
export interface Outage {
  /** When it began, on the environment's clock [ms]. */
  readonly sinceMs: number;
  /** Tries that failed. */
  attempt: number;
}

/** How to go about it. */
export interface RetryPlan {
  env: Environment;
  /** Ends it, wherever it stands. */
  signal: AbortSignal;
  outage: Outage;
  /** The age of the outage at which no further try is begun [ms]. */
  giveUpAfterMs: number;
  /** Whether the first try is made without a wait. */
  isAtOnce: boolean;
  /** Whether a later try may succeed after this error. */
  isWorthRetrying(error: unknown): boolean;
  /** Called before each wait, with the number of the try that follows, counted from 1. */
  onWait(attempt: number, delayMs: number): void;
}

/**
 * Try until it works.
 *
 * @param act  one try
 * @throws what `act` threw last, if that is not worth another try; {@link IrisError} with
 *         {@link ErrorCode.connection} when it has taken too long; the signal's reason
 */
export async function retry<T>(plan: RetryPlan, act: () => Promise<T>): Promise<T> {
  let retryAfterMs = 0;
  for (let isFirst = true; ; isFirst = false) {
    if (!isFirst || !plan.isAtOnce) await wait(plan, retryAfterMs);
    plan.signal.throwIfAborted();
    try {
      return await act();
    } catch (error) {
      if (plan.signal.aborted || !plan.isWorthRetrying(error)) throw error;
      plan.outage.attempt++;
      retryAfterMs = error instanceof IrisError ? error.retryAfterMs : 0;
      if (age(plan) >= plan.giveUpAfterMs) throw tooLong(plan, error);
    }
  }
}

function age({ env, outage }: RetryPlan): number {
  return Math.max(0, env.clock.now() - outage.sinceMs);
}

function tooLong(plan: RetryPlan, last: unknown): IrisError {
  const seconds = Math.round(age(plan) / 1000);
  const what = last instanceof IrisError ? last.serverMessage : String(last);
  return new IrisError(ErrorCode.connection, `gave up after ${seconds} s: ${what}`, last);
}

async function wait(plan: RetryPlan, retryAfterMs: number): Promise<void> {
  const { env, signal, outage } = plan;
  const delayMs = retryDelay({
    attempt: outage.attempt,
    elapsedMs: age(plan),
    retryAfterMs,
    random: env.random(),
  });
  plan.onWait(outage.attempt + 1, delayMs);
  // What the server asked for is waited for; otherwise a network that is back is reason to try sooner.
  if (retryAfterMs > 0) return sleep(env.clock, delayMs, signal);
  return sleep(env.clock, delayMs, signal, (wake) => onNetworkBack(env, wake));
}

function onNetworkBack(env: Environment, wake: () => void): () => void {
  let callOff = () => {};
  const unwatch = env.watchNetwork((change) => {
    if (change !== 'changed') return;
    callOff();
    callOff = env.clock.after(env.random() * WAKE_JITTER_MS, wake);
  });
  return () => {
    unwatch();
    callOff();
  };
}
