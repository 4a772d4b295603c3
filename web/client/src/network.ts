/**
 * When the machine's network may have changed: the browser came back online, or it reports another kind of connection.
 * It only says so; what follows is decided elsewhere.
 */

/** `changed`: another path, or one again. `maybe`: something moved; only the media can tell whether it matters. */
export type NetworkChange = 'changed' | 'maybe';

/** Start to watch. @returns a function that ends it */
export type WatchNetwork = (onChange: (change: NetworkChange) => void) => () => void;

/** The part of the Network Information API that is used; TypeScript's library has none of it. */
interface NetworkInformation extends EventTarget {
  /** 'wifi', 'cellular', ...; absent on desktop Chromium. */
  readonly type?: string;
}

/**
 * Watch the browser's network. Chromium fires `change` also whenever its guess of bandwidth or delay moves, many times
 * in a call; so where it names the type of connection, only another type counts, and where it does not, it is a `maybe`.
 */
export const watchNetwork: WatchNetwork = (onChange) => {
  // Absent outside of pages, for instance in Node.
  if (typeof globalThis.addEventListener !== 'function') return () => undefined;
  const { connection } = globalThis.navigator as { connection?: NetworkInformation };
  const ended = new AbortController();
  let type = connection?.type;
  const onInformation = () => {
    const before = type;
    type = connection?.type;
    if (type === undefined) onChange('maybe');
    else if (type !== before) onChange('changed');
  };
  globalThis.addEventListener('online', () => onChange('changed'), { signal: ended.signal });
  connection?.addEventListener('change', onInformation, { signal: ended.signal });
  return () => ended.abort();
};
