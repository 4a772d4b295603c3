/**
 * What the library takes from the browser, in one place, so that a test can put its own there: sockets, connections,
 * time and chance. Nothing else in the library touches these globals.
 */
import { watchNetwork, type WatchNetwork } from './network.js';
import { watchVisibility, type WatchVisibility } from './visibility.js';

/** Time. */
export interface Clock {
  /** Milliseconds since any fixed moment; it goes on while the machine sleeps [ms]. */
  now(): number;
  /** Call `callback` once after `ms`. @returns a function that calls it off */
  after(ms: number, callback: () => void): () => void;
}

/** Everything that comes from outside. */
export interface Environment {
  WebSocket: new (url: string, protocol: string) => WebSocket;
  RTCPeerConnection: new (configuration: RTCConfiguration) => RTCPeerConnection;
  clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  /** Tells of changes of the network. */
  watchNetwork: WatchNetwork;
  /** Tells whether the page can be seen. */
  watchVisibility: WatchVisibility;
}

/**
 * The browser's clock. `Date` and not `performance.now()`, because the latter stands still in some browsers while the
 * machine sleeps, and the server's 30 s for a lost session do not.
 */
const browserClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The browser's own, with what a test replaces. Read at the call, so that pages may install polyfills before it. */
export function environment(replaced: Partial<Environment> = {}): Environment {
  return {
    WebSocket: replaced.WebSocket ?? globalThis.WebSocket,
    RTCPeerConnection: replaced.RTCPeerConnection ?? globalThis.RTCPeerConnection,
    clock: replaced.clock ?? browserClock,
    random: replaced.random ?? Math.random,
    watchNetwork: replaced.watchNetwork ?? watchNetwork,
    watchVisibility: replaced.watchVisibility ?? watchVisibility,
  };
}

/**
 * Wait, but no longer than the signal.
 *
 * @param ms         how long [ms]
 * @param cutShort   given what would end the wait early; returns what undoes that
 * @throws the signal's reason when it is aborted
 */
export function sleep(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  cutShort: (wake: () => void) => () => void = () => () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const finish = (settle: () => void) => {
      callOff();
      forget();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => finish(() => reject(signal.reason));
    const callOff = clock.after(ms, () => finish(resolve));
    const forget = cutShort(() => finish(resolve));
    signal.addEventListener('abort', onAbort);
  });
}
