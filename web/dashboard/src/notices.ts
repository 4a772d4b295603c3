/** What the page says of itself, drawn: live or not, and a drain. */
import { byId, setText } from '../../meet/src/dom.js';
import { isLost } from './connection.js';
import { type Store } from './store.js';
import { clock, counted, duration } from './units.js';

const WORDS = {
  connecting: ['○', 'Connecting …'],
  live: ['●', 'Live'],
  waiting: ['■', 'Disconnected'],
  retrying: ['■', 'Disconnected'],
} as const;

export function drawNotices(store: Store, nowMs: number): void {
  drawConnection(store, nowMs);
  drawDrain(store, nowMs);
}

/** What stands in place of numbers that have not come yet. */
function drawWaiting(isAway: boolean): void {
  const why = 'The server is not there. This goes on by itself when it is.';
  setText(byId('rooms-loading', HTMLElement), isAway ? why : 'Waiting for the first numbers …');
  setText(byId('room-loading', HTMLElement), isAway ? why : 'Loading the room …');
}

function drawConnection(store: Store, nowMs: number): void {
  const { connection, updatedMs, drain } = store;
  const [mark, text] = WORDS[connection.phase];
  document.body.dataset['connection'] = connection.phase;
  setText(byId('connection-mark', HTMLElement), mark);
  setText(byId('connection-text', HTMLElement), text);
  drawWaiting(isLost(connection));
  byId('offline', HTMLElement).hidden = !isLost(connection);
  if (!isLost(connection)) return;
  const since = duration((nowMs - connection.sinceMs) / 1000);
  const reason = drain?.draining === true ? 'The node has drained.' : connection.reason;
  const age = updatedMs === null ? '' : ` What you see is of ${clock(updatedMs)}.`;
  setText(byId('offline-title', HTMLElement), `Disconnected for ${since}.`);
  setText(byId('offline-text', HTMLElement), `${reason}${age}`);
  setText(byId('offline-retry', HTMLElement), retryWords(store, nowMs));
  byId('retry-now', HTMLButtonElement).disabled = connection.phase === 'retrying';
}

function retryWords({ connection }: Store, nowMs: number): string {
  if (connection.phase !== 'waiting') return 'Trying …';
  return `Next try in ${duration(Math.ceil((connection.retryAtMs - nowMs) / 1000))}.`;
}

function drawDrain(store: Store, nowMs: number): void {
  const banner = byId('drain-banner', HTMLElement);
  const leftMs = store.drainLeftMs(nowMs);
  const people = store.node?.participants ?? store.drain?.participants ?? 0;
  const rooms = store.node?.rooms ?? store.drain?.rooms ?? 0;
  banner.hidden = leftMs === null || store.connection.phase !== 'live';
  if (leftMs === null) return;
  setText(
    banner,
    `This node drains: no join is taken, ${counted(people, 'participant')} in ${counted(rooms, 'room')} left. It ends in ${duration(leftMs / 1000)}.`,
  );
}
