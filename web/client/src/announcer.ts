/**
 * Tells the room what it does not know of us yet. One `update` at a time; whatever changes meanwhile goes into the next
 * one, so the last word is always the latest state. What cannot be said now, because there is no connection, is
 * said when {@link Announcer.flush} is called again.
 */
import { retryDelay } from './backoff.js';
import { sleep, type Environment } from './environment.js';
import { ErrorCode, IrisError, isBusy, isLost } from './errors.js';
import type { OwnState } from './own.js';
import type { ParticipantUpdate } from './protocol.js';

/** Sends `update`; rejects with {@link ErrorCode.connection} while there is no connection. */
export type SendUpdate = (update: ParticipantUpdate) => Promise<unknown>;

/** Keeps the server's picture of us equal to our own. */
export class Announcer {
  readonly #env: Environment;
  readonly #own: OwnState;
  readonly #send: SendUpdate;
  readonly #signal: AbortSignal;
  #running: Promise<void> | null = null;

  /** @param signal  ends a wait for a busy server */
  constructor(env: Environment, own: OwnState, send: SendUpdate, signal: AbortSignal) {
    this.#env = env;
    this.#own = own;
    this.#send = send;
    this.#signal = signal;
  }

  /**
   * Say everything that is still to be said. Resolves when it is, or when the connection is lost.
   *
   * @throws {@link IrisError} when the server refuses; what it refused is not said again
   */
  flush(): Promise<void> {
    this.#running ??= this.#run().finally(() => (this.#running = null));
    return this.#running;
  }

  async #run(): Promise<void> {
    let refusals = 0;
    for (let next = this.#own.untold(); next; next = this.#own.untold()) {
      try {
        await this.#send(next);
        this.#own.confirm(next);
      } catch (error) {
        if (this.#signal.aborted || isLost(error)) return;
        if (isBusy(error)) await this.#wait(++refusals, error);
        else this.#onRefused(next, error);
      }
    }
  }

  async #wait(attempt: number, { retryAfterMs }: IrisError): Promise<void> {
    const { clock, random } = this.#env;
    const delayMs = retryDelay({ attempt, elapsedMs: 0, retryAfterMs, random: random() });
    // An end while waiting is met again by the next request.
    await sleep(clock, delayMs, this.#signal).catch(() => undefined);
  }

  #onRefused(update: ParticipantUpdate, error: unknown): void {
    this.#own.refuse(update);
    // A server without `update` has a room without mutes: nobody's mistake.
    if (error instanceof IrisError && error.code === ErrorCode.methodNotFound) return;
    throw error;
  }
}
