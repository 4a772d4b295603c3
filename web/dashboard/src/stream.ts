/**
 * The event stream, kept open: reads it, notices when it falls silent, opens it again. `fetch` in place of EventSource,
 * because that hides why it was refused, and waits as it likes.
 */
import { ApiError, openEvents } from './api.js';
import { type Connection, SILENCE_MS, START, onLost, onRetry } from './connection.js';
import { SseParser } from './sse.js';

/** What the stream tells; `onEvent` gets names that it may not know. */
export interface StreamHandlers {
  onEvent: (name: string, data: unknown) => void;
  onState: (connection: Connection) => void;
}

export class EventStream {
  #state: Connection = START;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly handlers: StreamHandlers) {}

  /** Connect; whatever happens to it, it comes back until the page is gone. */
  async start(): Promise<void> {
    this.#enter(onRetry(this.#state));
    const reason = await this.#read().then(
      () => 'The server ended the connection.',
      (error: unknown) => (error instanceof ApiError ? error.message : 'The connection broke.'),
    );
    this.#enter(onLost(this.#state, reason, Date.now(), Math.random()));
    if (this.#state.phase !== 'waiting') return;
    const waitMs = this.#state.retryAtMs - Date.now();
    this.#retry = setTimeout(() => void this.start(), waitMs);
  }

  /** Do not wait any longer; nothing if a try is under way. */
  retryNow(): void {
    if (this.#state.phase !== 'waiting') return;
    clearTimeout(this.#retry);
    void this.start();
  }

  #enter(state: Connection): void {
    this.#state = state;
    this.handlers.onState(state);
  }

  /** Until it ends. */
  async #read(): Promise<void> {
    const abort = new AbortController();
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const isAlive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        abort.abort(new ApiError(0, 'The server has fallen silent.'));
      }, SILENCE_MS);
    };
    isAlive();
    try {
      const answer = await openEvents(abort.signal);
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new SseParser();
      for (;;) {
        const piece = await reader?.read();
        if (!piece || piece.done) return;
        isAlive();
        for (const { event, data } of parser.feed(piece.value)) this.#tell(event, data);
      }
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      clearTimeout(watchdog);
      abort.abort();
    }
  }

  #tell(event: string, text: string): void {
    if (this.#state.phase !== 'live') this.#enter({ phase: 'live' });
    this.handlers.onEvent(event, JSON.parse(text));
  }
}
