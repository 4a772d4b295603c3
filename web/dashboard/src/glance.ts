/** The node at a glance (pure): a few numbers, each with what it is held against. */
import { type Node, type RoomSummary, type Worker } from './api.js';
import { UNKNOWN, bitrate, count, counted, share } from './units.js';

/** One number. */
export interface Fact {
  id: string;
  value: string;
  /** What it is held against, or what it consists of. */
  note: string;
  /** How much of it is used, 0 to 1; null: nothing to be full of. */
  load: number | null;
  isBad: boolean;
}

/** From where on the load of a link, a core or the node is worth a look. */
const FULL = 0.85;

/** Datagrams that a worker could not take or not send, for whatever reason, since its start. */
export function dropsOf(worker: Worker): number {
  return worker.receive_drops + worker.send_errors + worker.would_block + worker.missing_buffers;
}

/** Of all workers, since their start. */
export function allDrops(workers: readonly Worker[]): number {
  return workers.reduce((sum, worker) => sum + dropsOf(worker), 0);
}

/** The load of the busiest worker's core; null if none is known. */
export function busiest(workers: readonly Worker[]): number | null {
  const known = workers.flatMap(({ cpu }) => (cpu === null ? [] : [cpu]));
  return known.length > 0 ? Math.max(...known) : null;
}

/** A part of a whole that may be unknown, or 0 for "no limit". */
function part(value: number | null, whole: number | null): number | null {
  return value === null || !whole ? null : value / whole;
}

function networkFact(id: string, bps: number | null, node: Node): Fact {
  const load = part(bps, node.network_bps);
  const note =
    load === null ? 'the capacity is not known' : `${share(load)} of ${bitrate(node.network_bps)}`;
  return { id, value: bitrate(bps), note, load, isBad: (load ?? 0) >= FULL };
}

function roomsFact(node: Node, rooms: readonly RoomSummary[] | null): Fact {
  const of = (quality: string) => rooms?.filter((room) => room.quality === quality).length ?? 0;
  const [poor, fair] = [of('poor'), of('fair')];
  const isJudged = rooms?.some((room) => room.quality) === true;
  const troubled = [poor > 0 ? `${poor} poor` : '', fair > 0 ? `${fair} fair` : ''];
  const note = isJudged ? troubled.filter(Boolean).join(', ') || 'all good' : 'not judged yet';
  return {
    id: 'rooms',
    value: count(node.rooms),
    note: node.rooms ? note : 'nobody meets',
    load: null,
    isBad: poor > 0,
  };
}

function participantsFact(node: Node): Fact {
  const load = part(node.participants, node.max_participants);
  return {
    id: 'participants',
    value: count(node.participants),
    note: node.max_participants ? `of ${count(node.max_participants)} at most` : 'no limit',
    load,
    isBad: (load ?? 0) >= FULL,
  };
}

function cpuFact(workers: readonly Worker[] | null): Fact {
  const load = workers ? busiest(workers) : null;
  return {
    id: 'cpu',
    value: share(load),
    note: workers ? `of a core; ${counted(workers.length, 'worker')}` : UNKNOWN,
    load,
    isBad: (load ?? 0) >= FULL,
  };
}

function dropsFact(drops: number | null): Fact {
  return {
    id: 'drops',
    value: count(drops),
    note: 'by this server, in the last minute',
    load: null,
    isBad: (drops ?? 0) > 0,
  };
}

/** @param drops of the last minute */
export function factsOf(
  node: Node,
  rooms: readonly RoomSummary[] | null,
  workers: readonly Worker[] | null,
  drops: number | null,
): Fact[] {
  return [
    roomsFact(node, rooms),
    participantsFact(node),
    networkFact('sent', node.sent_bps, node),
    networkFact('received', node.received_bps, node),
    cpuFact(workers),
    dropsFact(drops),
  ];
}
