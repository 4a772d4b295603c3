/** Counting down to a moment, in whole seconds. */

/** Seconds to go, rounded up; never negative. */
export function secondsLeft(deadlineMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((deadlineMs - nowMs) / 1000));
}

/** "12 s", "3 min". */
export function durationWords(seconds: number): string {
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Calls `onSecond` now and about every second until stopped. */
export class Countdown {
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Count `durationMs` from now, instead of what was being counted. */
  start(durationMs: number, onSecond: (seconds: number) => void): void {
    this.stop();
    const deadlineMs = performance.now() + durationMs;
    const tick = () => {
      const seconds = secondsLeft(deadlineMs, performance.now());
      onSecond(seconds);
      if (seconds === 0) this.stop();
    };
    this.#timer = setInterval(tick, 1000);
    tick();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
