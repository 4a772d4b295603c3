/**
 * The way into one room, and back into it: the addresses, the session's secret while it can be resumed, and the outage.
 * It makes one try after the other until one works or none can; what then becomes of connection and media, and when
 * something is lost, is the session's affair.
 */
import { enter, type Entered, type EntryPlan } from './entry.js';
import type { Environment } from './environment.js';
import { isBusy, isLost } from './errors.js';
import type { Token } from './options.js';
import type { OwnState } from './own.js';
import { retry, type Outage, type RetryPlan } from './retry.js';

/** How long the server keeps a session after its WebSocket was lost (docs/protocol.md, section 2) [ms]. */
const RESUME_WINDOW_MS = 30_000;

/** How a session behaves. */
export interface SessionSettings {
  /** Where the room is entered first. */
  url: string;
  /** Whether it comes back by itself. */
  reconnect: boolean;
  /** The age of an outage at which no further try is begun [ms]. */
  giveUpAfterMs: number;
}

/** What a room is entered with, again after a loss. */
export interface Ticket {
  room: string;
  token: Token | undefined;
}

/** The way back into one room. */
export class WayBack {
  ticket: Ticket = { room: '', token: undefined };
  readonly #env: Environment;
  readonly #own: OwnState;
  readonly #signal: AbortSignal;
  readonly #giveUpAfterMs: number;
  #url: string;
  /** Where a draining server sent us; null if nowhere. */
  #movedUrl: string | null = null;
  /** The secret for `resume`, and until when it may be tried [ms]. */
  #session: { secret: string; untilMs: number } | null = null;
  #outage: Outage | null = null;

  /**
   * @param own     our name and tracks, read at each try
   * @param signal  ends every try and every wait
   */
  constructor(env: Environment, settings: SessionSettings, own: OwnState, signal: AbortSignal) {
    this.#env = env;
    this.#own = own;
    this.#signal = signal;
    this.#url = settings.url;
    this.#giveUpAfterMs = settings.giveUpAfterMs;
  }

  /** Since when something is wrong; null while everything works. */
  get outage(): Outage | null {
    return this.#outage;
  }

  /**
   * Enter for the first time.
   *
   * @param isPatient  whether to try again while the server asks for that
   * @throws as {@link retry}
   */
  enterFirst(isPatient: boolean): Promise<Entered> {
    const outage = { sinceMs: this.#env.clock.now(), attempt: 0 };
    return retry(
      this.#plan({
        outage,
        isAtOnce: true,
        isWorthRetrying: (error) => isPatient && isBusy(error),
        onWait: () => undefined,
      }),
      () => this.#enterOnce(true),
    );
  }

  /**
   * Something was lost: come back. The outage may have begun earlier, if what was found since did not work.
   *
   * @param hasSession  whether the server may still know us
   * @param isAtOnce    whether the first try is made without a wait
   * @param onWait      called before each wait, see {@link RetryPlan}
   * @throws as {@link retry}
   */
  comeBack(hasSession: boolean, isAtOnce: boolean, onWait: RetryPlan['onWait']): Promise<Entered> {
    const nowMs = this.#env.clock.now();
    if (!hasSession) this.#session = null;
    else if (this.#session) this.#session.untilMs = nowMs + RESUME_WINDOW_MS;
    this.#outage ??= { sinceMs: nowMs, attempt: 0 };
    return retry(
      this.#plan({
        outage: this.#outage,
        isAtOnce,
        isWorthRetrying: (error) => isBusy(error) || isLost(error),
        onWait,
      }),
      () => this.#enterOnce(false),
    );
  }

  /** Everything works: the next loss is a new one. */
  onWell(): void {
    this.#outage = null;
  }

  /** The server says where to go when it is gone. Something that is no address is no help, and nothing happens. */
  onDraining(url: string | null): void {
    if (url !== null) this.#movedUrl = controlChannel(url, this.#url);
  }

  #plan(how: Omit<RetryPlan, 'env' | 'signal' | 'giveUpAfterMs'>): RetryPlan {
    return { env: this.#env, signal: this.#signal, giveUpAfterMs: this.#giveUpAfterMs, ...how };
  }

  async #enterOnce(isHasty: boolean): Promise<Entered> {
    const { name, metadata } = this.#own;
    const where = this.#next();
    const plan: EntryPlan = {
      ...where,
      ...this.ticket,
      name,
      metadata,
      tracks: () => this.#own.lines,
      isHasty,
    };
    const entered = await enter(this.#env, plan, this.#signal);
    this.#url = where.url;
    this.#movedUrl = null;
    this.#session = { secret: entered.result.session, untilMs: Infinity };
    if (entered.peer) this.#own.onJoined(name, metadata);
    return entered;
  }

  /** Address and session of the next try. A new address is tried first, then in turn with the old one. */
  #next(): Pick<EntryPlan, 'url' | 'session'> {
    const nowMs = this.#env.clock.now();
    if (this.#session && nowMs > this.#session.untilMs) this.#session = null;
    const isMoved = !this.#session && (this.#outage?.attempt ?? 0) % 2 === 0;
    return {
      url: isMoved && this.#movedUrl !== null ? this.#movedUrl : this.#url,
      session: this.#session?.secret ?? null,
    };
  }
}

/** `url` as an address of a control channel: ws: for http:, and the path of `base` where it has none. */
function controlChannel(url: string, base: string): string | null {
  let address: URL;
  try {
    address = new URL(url, base);
  } catch {
    return null;
  }
  address.protocol = address.protocol.replace(/^http/, 'ws');
  if (!/^wss?:$/.test(address.protocol)) return null;
  if (address.pathname === '/') address.pathname = new URL(base).pathname;
  return address.href;
}
