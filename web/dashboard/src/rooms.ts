/** The list of rooms (pure): which are shown, and in which order. */
import { type RoomSummary } from './api.js';
import { QUALITY_RANK } from './verdicts.js';

/** What the list can be ordered by. */
export type RoomKey =
  | 'quality'
  | 'room'
  | 'participants'
  | 'sending'
  | 'up'
  | 'down'
  | 'age'
  | 'worker';

export interface Order<Key extends string> {
  key: Key;
  isDescending: boolean;
}

/** Worst first: poor before fair before good, then by how many, then the fullest. */
export const WORST_FIRST: Order<RoomKey> = { key: 'quality', isDescending: false };

/** Numbers are first wanted from the largest on. */
const DESCENDS_FIRST: ReadonlySet<RoomKey> = new Set([
  'participants',
  'sending',
  'up',
  'down',
  'age',
]);

const text = new Intl.Collator('en', { numeric: true });

/** Pressing a column's heading: another column in its natural direction, the same one reversed. */
export function nextOrder(order: Order<RoomKey>, key: RoomKey): Order<RoomKey> {
  if (order.key === key) return { key, isDescending: !order.isDescending };
  return { key, isDescending: DESCENDS_FIRST.has(key) };
}

function value(room: RoomSummary, key: RoomKey): number | null {
  switch (key) {
    case 'quality':
      return QUALITY_RANK[room.quality ?? 'unknown'];
    case 'participants':
      return room.participants;
    case 'sending':
      return room.cameras === null ? null : room.cameras + (room.screens ?? 0);
    case 'up':
      return room.up_bps;
    case 'down':
      return room.down_bps;
    case 'age':
      return room.age_s;
    case 'worker':
      return room.worker;
    case 'room':
      return 0;
  }
}

/** How many are off, the poor before the fair: more first. */
function compareTrouble(a: RoomSummary, b: RoomSummary): number {
  return (b.poor ?? 0) - (a.poor ?? 0) || (b.fair ?? 0) - (a.fair ?? 0);
}

/** Unknown numbers come last whichever way; equals by how many are off, by people, then by name. */
function compare(a: RoomSummary, b: RoomSummary, { key, isDescending }: Order<RoomKey>): number {
  const sign = isDescending ? -1 : 1;
  if (key === 'room') return sign * text.compare(a.room, b.room);
  const [left, right] = [value(a, key), value(b, key)];
  if (left !== right) {
    if (left === null) return 1;
    if (right === null) return -1;
    return sign * (left - right);
  }
  return (
    compareTrouble(a, b) ||
    (b.participants ?? 0) - (a.participants ?? 0) ||
    text.compare(a.room, b.room)
  );
}

/** In this order; the list itself stays as it is. */
export function sortRooms(rooms: readonly RoomSummary[], order: Order<RoomKey>): RoomSummary[] {
  return [...rooms].sort((a, b) => compare(a, b, order));
}

/** Those whose name has every word of the search, and that are of the quality, if one is wanted. */
export function searchRooms(
  rooms: readonly RoomSummary[],
  search: string,
  isTroubledOnly: boolean,
): RoomSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rooms.filter(
    (room) =>
      words.every((word) => room.room.toLowerCase().includes(word)) &&
      (!isTroubledOnly || room.quality === 'poor' || room.quality === 'fair'),
  );
}
