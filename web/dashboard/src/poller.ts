/**
 * Ask again and again, one question at a time: the next one comes a while after the answer, later when answers take long, so
 * that a page never asks for more than a fifth of what a server or a browser can do.
 */

const REST = 4; // times as long as the answer took

export interface Question<T> {
  everyMs: number;
  ask: () => Promise<T>;
  onAnswer: (answer: T) => void;
  onError: (error: unknown) => void;
}

export class Poller<T> {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Answers to questions of an earlier round are of no interest. */
  #round = 0;
  #isRunning = false;

  constructor(readonly question: Question<T>) {}

  /** Ask now, and on; nothing if it does already. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#ask();
  }

  /** Ask no more, and hear no answer. */
  stop(): void {
    this.#isRunning = false;
    this.#round++;
    clearTimeout(this.#timer);
  }

  /** Something has changed: do not wait for the next turn. */
  askNow(): void {
    if (!this.#isRunning) return;
    this.stop();
    this.start();
  }

  async #ask(): Promise<void> {
    const round = this.#round;
    const beganMs = Date.now();
    const { ask, onAnswer, onError, everyMs } = this.question;
    try {
      const answer = await ask();
      if (round === this.#round) onAnswer(answer);
    } catch (error) {
      if (round === this.#round) onError(error);
    }
    if (round !== this.#round) return;
    const waitMs = Math.max(everyMs, REST * (Date.now() - beganMs));
    this.#timer = setTimeout(() => void this.#ask(), waitMs);
  }
}
