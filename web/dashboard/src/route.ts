/** The view that an address means (pure): `#/`, `#/node`, `#/room/NAME`. */

export type Route = { view: 'rooms' } | { view: 'node' } | { view: 'room'; room: string };

/** Whatever is no address of a view means the list. */
export function routeOf(hash: string): Route {
  if (hash === '#/node') return { view: 'node' };
  const room = /^#\/room\/(.+)$/.exec(hash)?.[1];
  if (room === undefined) return { view: 'rooms' };
  try {
    return { view: 'room', room: decodeURIComponent(room) };
  } catch {
    return { view: 'rooms' };
  }
}

/** The address of a room. */
export function roomAddress(room: string): string {
  return `#/room/${encodeURIComponent(room)}`;
}
