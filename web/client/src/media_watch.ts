/**
 * Watches one PeerConnection and the network, and decides when ICE is restarted and when the media are given up. It
 * sends nothing itself. Its rules:
 * - restart when the network changed, when every live slot falls silent at once, when ICE is `disconnected`, and when ICE
 *   `failed` unless a restart since the last connection has failed already;
 * - lost when a restart did not bring the media back within 15 s, when the server refused it, and when the connection
 *   failed for another reason than ICE (DTLS), which a restart cannot cure;
 * - a connection that never was connected is not restarted, because no path ever was: it is lost when it fails.
 */
import type { Environment } from './environment.js';
import { ErrorCode, IrisError } from './errors.js';

/** How long ICE may be disconnected before a restart, which costs little where the gap would have mended itself [ms]. */
const DISCONNECTED_MS = 250;

/**
 * How long all live slots may be silent. Browsers notice a dead path after 3 s and more (Chromium 156: 3.6 s without any
 * event before); a video frame comes every 33 ms and an Opus packet in a pause every 400 ms [ms].
 */
const SILENCE_MS = 600;

/** How often is listened [ms], and how many times in a row something must have come before silence means anything. */
const LISTEN_MS = 200;
const BEATS = 5;

/** How long media may take to come back after a restart, or to come at all after a rejoin [ms]. */
const DEADLINE_MS = 15_000;

/** Several signs of one change, of the network or of the connection's states, come within this time [ms]. */
const SETTLE_MS = 200;

/** What the watch asks for and reports. */
export interface MediaWatchHandlers {
  /**
   * Rejects with {@link ErrorCode.connection} while the control channel is down; it is asked for again when it is back.
   *
   * @param isUrgent  the network is suspected to be gone, and with it the control channel: do not wait long for it
   */
  restartIce(isUrgent: boolean): Promise<void>;
  /** What arrived last in the live slots, as a text that changes when something arrives; '' while no slot is live. */
  pulse(): string;
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
  #callOffListening: (() => void) | null = null;
  #isRestartOwed = false;
  #pulse = '';
  #beats = 0;
  #heardMs = 0;

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
    this.#listen();
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
    if (!this.isConnected || this.#isRestartOwed) this.#planRestart(0, true);
  }

  /** A restart has been answered, whoever asked for it, and is about to be applied: now it must work. */
  onRestarted(): void {
    this.#hasRestarted = true;
    this.#isRestartOwed = false;
    this.#armDeadline();
  }

  /** Stop watching. */
  dispose(): void {
    this.#isEnded = true;
    this.#connection.removeEventListener('connectionstatechange', this.#onChange);
    this.#connection.removeEventListener('iceconnectionstatechange', this.#onChange);
    this.#unwatch();
    this.#callOffListening?.();
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

  /** Everything fell silent at once, after it had come steadily: the path is dead before ICE knows. */
  #listen(): void {
    if (this.#isEnded) return;
    this.#callOffListening?.();
    this.#callOffListening = this.#env.clock.after(LISTEN_MS, () => this.#listen());
    const pulse = this.#handlers.pulse();
    const nowMs = this.#env.clock.now();
    if (pulse !== this.#pulse) {
      this.#beats = pulse === '' ? 0 : this.#beats + 1;
      this.#heardMs = nowMs;
      this.#pulse = pulse;
    } else if (this.#beats >= BEATS && nowMs - this.#heardMs >= SILENCE_MS) {
      this.#beats = 0;
      this.#planRestart(0, true);
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
    // The second time the channel is new, and as slow as it is.
    const isUrgent = !this.#isRestartOwed;
    this.#isRestartOwed = true;
    try {
      await this.#handlers.restartIce(isUrgent);
      this.#isRestartOwed = false;
    } catch (error) {
      if (this.#isEnded) return;
      const code = error instanceof IrisError ? error.code : 0;
      // A slow server was not silent: ask again, and wait for it.
      if (isUrgent && code === ErrorCode.timeout) return this.#planRestart(0, true);
      // Without a control channel there is nobody to ask; onResumed() comes when there is.
      if (code !== ErrorCode.connection) this.#lose(`ICE was not restarted: ${String(error)}`);
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
