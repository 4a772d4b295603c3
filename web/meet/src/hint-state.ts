/**
 * Which verdict the page shows at a moment: the server's newest, but none for less than {@link HOLD_MS}, because what
 * flickers is not read. Times are arguments; who shows it and when it looks again is quality-hint.ts.
 */
import type { Verdict } from '@iris/client';

/** How it is until told otherwise. */
export const GOOD: Verdict = { quality: 'good', cause: 'none', evidence: null };

/** The least time from one change to the next [ms]. */
export const HOLD_MS = 4_000;

/** How long nothing is said of what was put away [ms]. */
export const QUIET_MS = 5 * 60_000;

/** What is shown, and what was put away. */
export class HintState {
  #newest = GOOD;
  #shown = GOOD;
  #changedMs = -Infinity;
  /** Until when to be quiet, by topic [ms]. */
  readonly #quietUntilMs = new Map<string, number>();

  /** What to show. */
  get shown(): Verdict {
    return this.#shown;
  }

  /** The server's newest; {@link settle} shows it when it may. */
  take(verdict: Verdict): void {
    this.#newest = verdict;
  }

  /** Show the newest, if it is time. @returns how long to wait until it is [ms]; 0 if it is shown */
  settle(nowMs: number): number {
    if (!isSame(this.#newest, this.#shown)) {
      const waitMs = this.#changedMs + HOLD_MS - nowMs;
      if (waitMs > 0) return waitMs;
      this.#changedMs = nowMs;
    }
    this.#shown = this.#newest;
    return 0;
  }

  /** This participant has left; what was theirs is over, and goes at the next {@link settle}. */
  forget(id: string): void {
    if (this.#newest.evidence?.participant === id) this.#newest = GOOD;
    if (this.#shown.evidence?.participant === id) this.#changedMs = -Infinity;
  }

  /** Nothing is known any more: nothing is shown, at once. */
  reset(): void {
    this.#newest = this.#shown = GOOD;
    this.#changedMs = -Infinity;
  }

  /** The reader has understood, and does not want to read it again for a while. */
  putAway(nowMs: number): void {
    this.#quietUntilMs.set(topicOf(this.#shown), nowMs + QUIET_MS);
  }

  /** Whether words are due: something is wrong, and it was not put away. */
  isTold(nowMs: number): boolean {
    const { quality } = this.#shown;
    return quality !== 'good' && nowMs >= (this.#quietUntilMs.get(topicOf(this.#shown)) ?? 0);
  }
}

/** What a sentence is about: the cause, and whose it is. */
function topicOf({ cause, evidence }: Verdict): string {
  return `${cause} ${evidence?.participant ?? ''}`;
}

function isSame(a: Verdict, b: Verdict): boolean {
  return a.quality === b.quality && topicOf(a) === topicOf(b);
}
