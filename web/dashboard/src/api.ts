/**
 * What the operations listener says, as far as the page uses it, and the calls. The contract is docs/openapi.json; the
 * fake of the tests is typed with this and validated against that.
 *
 * Addresses are relative to the page's folder, so that a proxy may put everything under a prefix.
 */

export type Quality = 'good' | 'fair' | 'poor';
export type Cause = 'none' | 'publisher_uplink' | 'server' | 'downlink' | 'policy' | 'client';
export type Kind = 'audio' | 'camera' | 'screen';

/** The number that decided. */
export interface Evidence {
  what: string;
  value: number;
  unit: string;
  limit?: number;
  participant?: string;
}

export interface Verdict {
  quality: Quality;
  cause: Cause;
  evidence: Evidence | null;
}

export interface Node {
  name: string;
  version: string;
  participants: number | null;
  rooms: number | null;
  max_participants: number | null;
  network_bps: number | null;
  received_bps: number | null;
  sent_bps: number | null;
  uptime_s: number | null;
  joins: number;
  refused_joins: number;
  resumes: number;
  leaves: number;
}

export interface Worker {
  udp_port: number;
  delay_us: { p50: number; p99: number };
  receive_drops: number;
  send_errors: number;
  would_block: number;
  missing_buffers: number;
  participants: number | null;
  received_bps: number | null;
  sent_bps: number | null;
  /** Of one core, 0 to 1. */
  cpu: number | null;
}

export interface RoomSummary {
  room: string;
  worker: number;
  /** The worst of its participants; null: nobody is judged yet. */
  quality: Quality | null;
  fair: number | null;
  poor: number | null;
  participants: number | null;
  microphones: number | null;
  cameras: number | null;
  screens: number | null;
  age_s: number | null;
  up_bps: number | null;
  down_bps: number | null;
}

export interface Layer {
  rid: string | null;
  live: boolean;
  height: number | null;
  bitrate_bps: number | null;
  frame_rate: number | null;
  loss: number | null;
  residual_loss: number | null;
  policed_packets: number;
}

export interface Track {
  kind: Kind;
  muted: boolean;
  layers: Layer[];
}

export interface Slot {
  kind: Kind;
  participant: string | null;
  state: 'live' | 'paused' | 'idle';
  reason: 'bandwidth' | 'layout' | 'muted' | 'source' | null;
  height: number;
  layer: number | null;
  temporal: number | null;
  bitrate_bps: number | null;
  frame_rate: number | null;
  loss: number | null;
  verdict: Verdict;
}

export interface Participant {
  id: string;
  name: string;
  audio_muted: boolean;
  camera_muted: boolean;
  screen_sharing: boolean;
  connected: boolean;
  uplink: { tracks: Track[]; bitrate_bps: number | null };
  downlink: {
    slots: Slot[];
    rtt_us: number | null;
    estimate_bps: number | null;
    bitrate_bps: number | null;
    loss: number | null;
  };
  verdict: Verdict;
}

export interface Room extends Omit<RoomSummary, 'participants'> {
  participants: Participant[];
}

export interface Drain {
  draining: boolean;
  deadline_ms: number | null;
  participants: number;
  rooms: number;
}

/** The files that a flight recorder is being written to: complete when they have these names. */
export interface Dump {
  pcapng: string;
  decisions: string;
}

/** The events of the stream by name, and what comes with them. */
export interface Events {
  rates: { node: Node; rooms: RoomSummary[] };
  room_opened: { room: string };
  room_closed: { room: string };
  joined: { room: string; participant: { id: string; name: string } };
  left: { room: string; id: string; reason: string };
  limit: {
    room: string;
    participant: string;
    kind: Kind;
    limit_bps: number;
    measured_bps: number;
  };
  verdict: { room: string; participant: string; mid: string | null; verdict: Verdict };
  worker_overload: {
    worker: number;
    overloaded: boolean;
    evidence: { name: string; value: number };
  };
  draining: Drain;
}

/** A call that was answered with an error, or (status 0) not at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const CALL_LIMIT_MS = 10_000;
const BASE = '../v1/';

/** The node and its workers. */
export function getWorkers(): Promise<{ node: Node; workers: Worker[] }> {
  return call('GET', 'workers');
}

/** A room; an {@link ApiError} with status 404 if there is none of this name. */
export function getRoom(room: string): Promise<Room> {
  return call('GET', `rooms/${encodeURIComponent(room)}`);
}

/** How far a drain is. */
export function getDrain(): Promise<Drain> {
  return call('GET', 'drain');
}

/** Disconnect everyone in a room. */
export function endRoom(room: string): Promise<void> {
  return call('DELETE', `rooms/${encodeURIComponent(room)}`);
}

/** Disconnect one participant. */
export function removeParticipant(room: string, id: string): Promise<void> {
  return call('DELETE', `rooms/${encodeURIComponent(room)}/participants/${encodeURIComponent(id)}`);
}

/** Write down what a room's flight recorder holds. @param participant leave out what was sent to others; null: nobody is left out */
export function dumpRoom(room: string, participant: string | null): Promise<Dump> {
  const path = `rooms/${encodeURIComponent(room)}/dump`;
  return call('POST', path, participant === null ? undefined : { participant });
}

/** Begin a drain, or give it another deadline. @param deadlineMs null: as the server is configured */
export function startDrain(deadlineMs: number | null): Promise<Drain> {
  return call('POST', 'drain', deadlineMs === null ? undefined : { deadline_ms: deadlineMs });
}

/** The event stream's answer, not yet read. */
export async function openEvents(signal: AbortSignal): Promise<Response> {
  const answer = await reach(`${BASE}events`, { signal, headers: { Accept: 'text/event-stream' } });
  if (!answer.ok) throw await errorOf(answer);
  return answer;
}

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await reach(BASE + path, {
    method,
    signal: AbortSignal.timeout(CALL_LIMIT_MS),
    ...(body
      ? { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
      : {}),
  });
  if (!answer.ok) throw await errorOf(answer);
  if (answer.status === 204) return undefined as T;
  try {
    return (await answer.json()) as T;
  } catch {
    throw new ApiError(answer.status, 'The server’s answer cannot be read.');
  }
}

async function reach(path: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { cache: 'no-store', ...options });
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(0, isLate ? 'The server does not answer.' : 'The server cannot be reached.');
  }
}

/** The server's sentence, or its status if it said none. */
async function errorOf(answer: Response): Promise<ApiError> {
  const said: unknown = await answer.json().catch(() => null);
  const message =
    typeof said === 'object' && said !== null && 'message' in said ? String(said.message) : '';
  return new ApiError(answer.status, message || `The server answered with ${answer.status}.`);
}
