/**
 * What an operator sees of one receiver: what `GET /v1/rooms/{room}` says of its downlink each second, and the room's
 * flight recorder. Nothing is judged here.
 */
import { access } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A dump is complete so soon (it has its name then) [ms]. */
const COMPLETE_MS = 5_000;
const PERIOD_MS = 1_000;

/** @typedef {import('../../web/dashboard/src/api.js').Room} Room */
/** @typedef {Room['participants'][number]['downlink'] & { budget_bps?: number | null }} Downlink */

/** @typedef {{ atMs: number } & Downlink} Sighting  atMs: wall clock */

/**
 * Look at somebody's downlink every second until told to stop.
 *
 * @param {string} operations  address of the listener
 * @param {string} room
 * @param {string} name        of the receiver
 * @returns {{ stop: () => Promise<Sighting[]> }}
 */
export function watchDownlink(operations, room, name) {
  /** @type {Sighting[]} */
  const sightings = [];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const answer = await fetch(`${operations}/v1/rooms/${room}`).catch(() => null);
      /** @type {Room | null} */
      const seen = answer?.ok ? await answer.json() : null;
      const who = seen?.participants.find((participant) => participant.name === name);
      if (who) sightings.push({ atMs: Date.now(), ...who.downlink });
      await sleep(PERIOD_MS, undefined, { ref: false });
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await watching;
      return sightings;
    },
  };
}

/**
 * Have the room's last minute written down, and wait until it is.
 *
 * @param {string} operations
 * @param {string} room
 * @returns {Promise<string>}  path of the decisions
 */
export async function dump(operations, room) {
  const answer = await fetch(`${operations}/v1/rooms/${room}/dump`, { method: 'POST' });
  if (!answer.ok) throw new Error(`no dump of the room: ${answer.status} ${await answer.text()}`);
  const { pcapng, decisions } = /** @type {Record<string, string>} */ (await answer.json());
  const isThere = (/** @type {string} */ path) =>
    access(path).then(
      () => true,
      () => false,
    );
  for (let waitedMs = 0; waitedMs < COMPLETE_MS; waitedMs += 50) {
    if ((await isThere(pcapng ?? '')) && (await isThere(decisions ?? ''))) return decisions ?? '';
    await sleep(50);
  }
  throw new Error(`the dump ${decisions} was not complete after ${COMPLETE_MS} ms`);
}
