/**
 * Watches one PeerConnection and the network, and decides when ICE is restarted and when the media are given up. It
 * sends nothing itself. Its rules:
 * - restart when the network changed, when ICE is `disconnected` for 1.5 s, and when ICE `failed` unless a restart since
 *   the last connection has failed already;
 * - lost when a restart did not bring the media back within 15 s, when the server refused it, and when the connection
 *   failed for another reason than ICE (DTLS), which a restart cannot cure;
 * - a connection that never was connected is not restarted, because no path ever was: it is lost when it fails.
 */
import type { Environment } from './environment.js';
import { ErrorCode, IrisError } from './errors.js';

/** How long ICE may be disconnected before a restart; short gaps mend themselves [ms]. */
const DISCONNECTED_MS = 1_500;

/** How long media may take to come back after a restart, or to come at all after a rejoin [ms]. */
const DEADLINE_MS = 15_000;

/** Several signs of one change, of the network or of the connection's states, come within this time [ms]. */
const SETTLE_MS = 200;

/** What the watch asks for and reports. */
export interface MediaWatchHandlers {
  /** Rejects with {@link ErrorCode.connection} while the control channel is down; it is asked for again later. */
  restartIce(): Promise<void>;
  onState(state: RTCPeerConnectionState): void;
  /** Nothing helps but a new PeerConnection. At most once. */
  onLost(why: string): void;
}

/** The watch over one PeerConnection, from its answer to its end. */
export class MediaWatch {
  readonly #env: Environment;
  readonly #connection: RTCPeerConnection;
  readonly #handlers: MediaWatchHandlers;
  readonly #unwatch: () => void;
  readonly #onChange = () => this.#evaluate();
  #state: RTCPeerConnectionState = 'new';
  #hasConnected = false;
  #hasRestarted = false;
  #isEnded = false;
  #callOffRestart: (() => void) | null = null;
  #callOffDeadline: (() => void) | null = null;
  #callOffDoubt: (() => void) | null = null;

  /** @param mustConnect  whether the media are lost if they are not there within 15 s, as after a rejoin */
  constructor(
    env: Environment,
    connection: RTCPeerConnection,
    handlers: MediaWatchHandlers,
    mustConnect: boolean,
  ) {
    this.#env = env;
    this.#connection = connection;
    this.#handlers = handlers;
    connection.addEventListener('connectionstatechange', this.#onChange);
    connection.addEventListener('iceconnectionstatechange', this.#onChange);
    this.#unwatch = env.watchNetwork((change) => {
      if (change === 'maybe' && this.isConnected) return;
      this.#planRestart(SETTLE_MS, true);
    });
    if (mustConnect) this.#armDeadline();
  }

  /** Begin to report; the state that is reached already comes first. */
  start(): void {
    this.#evaluate();
  }

  /** Whether media can flow now. */
  get isConnected(): boolean {
    return this.#connection.connectionState === 'connected';
  }

  /** Whether media ever flowed. */
  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  /** The control channel is back: ask again for what could not be asked while it was down. */
  onResumed(): void {
    if (!this.isConnected) this.#planRestart(0);
  }

  /** A restart has been answered, whoever asked for it, and is about to be applied: now it must work. */
  onRestarted(): void {
    this.#hasRestarted = true;
    this.#armDeadline();
  }

  /** Stop watching. */
  dispose(): void {
    this.#isEnded = true;
    this.#connection.removeEventListener('connectionstatechange', this.#onChange);
    this.#connection.removeEventListener('iceconnectionstatechange', this.#onChange);
    this.#unwatch();
    this.#disarm();
  }

  #evaluate(): void {
    if (this.#isEnded) return;
    const { connectionState, iceConnectionState } = this.#connection;
    if (connectionState !== this.#state) {
      this.#state = connectionState;
      if (connectionState === 'connected') this.#onConnected();
      this.#handlers.onState(connectionState);
      if (this.#isEnded) return;
    }
    if (this.#isSecurityFailed) {
      this.#doubt();
    } else if (iceConnectionState === 'failed') {
      if (!this.#hasConnected || this.#hasRestarted)
        this.#lose('no path to the server works (ICE)');
      else this.#planRestart(0);
    } else if (iceConnectionState === 'disconnected') {
      this.#planRestart(DISCONNECTED_MS);
    }
  }

  /** ICE is up and the whole is not: it can only be DTLS. */
  get #isSecurityFailed(): boolean {
    const { connectionState, iceConnectionState } = this.#connection;
    const isIceUp = iceConnectionState === 'connected' || iceConnectionState === 'completed';
    return connectionState === 'failed' && isIceUp;
  }

  /** The two states change one after the other, so for a moment they may say together what neither means. */
  #doubt(): void {
    this.#callOffDoubt ??= this.#env.clock.after(SETTLE_MS, () => {
      this.#callOffDoubt = null;
      if (this.#isSecurityFailed)
        this.#lose('the encrypted connection to the server failed (DTLS)');
    });
  }

  #onConnected(): void {
    this.#hasConnected = true;
    this.#hasRestarted = false;
    this.#disarm();
  }

  /** A restart that is planned already comes first, unless this one is sooner. */
  #planRestart(delayMs: number, isNewNetwork = false): void {
    if (this.#isEnded || !this.#hasConnected) return;
    // While one is on its way to work, another would only begin anew; unless it was meant for the network before.
    if (this.#callOffDeadline && !isNewNetwork) return;
    if (this.#callOffRestart && delayMs >= DISCONNECTED_MS) return;
    this.#callOffRestart?.();
    this.#callOffRestart = this.#env.clock.after(delayMs, () => void this.#restart());
  }

  async #restart(): Promise<void> {
    this.#callOffRestart = null;
    try {
      await this.#handlers.restartIce();
    } catch (error) {
      // Without a control channel there is nobody to ask; onResumed() comes when there is.
      const isDown = error instanceof IrisError && error.code === ErrorCode.connection;
      if (!this.#isEnded && !isDown) this.#lose(`ICE was not restarted: ${String(error)}`);
    }
  }

  #armDeadline(): void {
    this.#callOffDeadline?.();
    this.#callOffDeadline = this.#env.clock.after(DEADLINE_MS, () => {
      this.#callOffDeadline = null;
      // A restart that changes nothing that can be seen (the old path was good enough) has worked, too.
      if (this.isConnected) this.#hasRestarted = false;
      else this.#lose(`no media within ${DEADLINE_MS / 1000} s`);
    });
  }

  #disarm(): void {
    this.#callOffRestart?.();
    this.#callOffDeadline?.();
    this.#callOffDoubt?.();
    this.#callOffRestart = this.#callOffDeadline = this.#callOffDoubt = null;
  }

  #lose(why: string): void {
    if (this.#isEnded) return;
    this.dispose();
    this.#handlers.onLost(why);
  }
}
