/**
 * The messages of the Iris control channel, word for word as docs/protocol.md names them: field names are the wire's
 * own, so that a trace of the WebSocket and the code read alike. No code, only types and one name.
 */

/** The WebSocket subprotocol that client and server agree on. */
export const SUBPROTOCOL = 'iris.v1';

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a participant sends, and what a slot carries. */
export type MediaKind = 'audio' | 'camera' | 'screen';

/** Someone in the room, as everyone sees them. */
export interface Participant {
  id: string;
  name: string;
  metadata?: Json;
  audio_muted: boolean;
  camera_muted: boolean;
  screen_sharing: boolean;
}

/** Whether a slot carries media now; `paused` has an owner but nothing is forwarded. */
export type SlotState = 'live' | 'paused' | 'idle';

/** Why a slot is paused. */
export type PauseReason = 'bandwidth' | 'layout' | 'muted' | 'source';

/** What one receiving line (`mid`) of the PeerConnection carries at the moment. */
export interface Slot {
  mid: string;
  kind: MediaKind;
  /** Whose media it is; null while the slot is free. */
  participant: string | null;
  /** The contributing source of the track shown, the same over all of its layers. */
  csrc?: number;
  state: SlotState;
  reason?: PauseReason;
  /** Height of the forwarded layer [pixels]. */
  height?: number;
}

/** The contract of this participant, RTP payload of its media [bits per second]. */
export interface Limits {
  up_camera_bps: number;
  up_screen_bps: number;
  up_audio_bps: number;
  down_video_bps: number;
}

/** What the token allows. Without tokens everyone may publish and subscribe, and nobody moderates. */
export interface Rights {
  /** Kinds that may be sent; the server refuses the lines of the others. */
  publish: MediaKind[];
  subscribe: boolean;
  moderator: boolean;
}

/** Why a participant went. */
export type LeaveReason = 'left' | 'timeout' | 'removed' | 'disconnected' | 'replaced' | 'drained';

/** What of oneself can be changed while in the room. */
export interface ParticipantUpdate {
  name?: string;
  metadata?: Json;
  audio_muted?: boolean;
  camera_muted?: boolean;
  screen_sharing?: boolean;
}

/** What one wants to see; absent fields stay as they are. */
export interface Layout {
  /** Participants to be shown whenever they send; the first ones win. */
  pinned?: string[];
  /** 0 to 4. */
  max_cameras?: number;
  /** Of camera slots [pixels]. */
  max_height?: number;
  audio_only?: boolean;
}

/** How good it is. */
export type Quality = 'good' | 'fair' | 'poor';

/** Where the trouble is: with who sends, in the server, with who receives, in the contract, in the browser. */
export type Cause = 'none' | 'publisher_uplink' | 'server' | 'downlink' | 'policy' | 'client';

/** The number that decided. */
export interface Evidence {
  /** Its name, see docs/operations.md. */
  what: string;
  value: number;
  /** Of `value` and `limit`; `0-1` is a share. */
  unit: string;
  /** What `value` was held against. */
  limit: number;
  /** Whose it is, if not one's own. */
  participant?: string;
}

/** Why sound and pictures, those sent and those received, are as good or as bad as they are. */
export interface Verdict {
  quality: Quality;
  /** `none` if and only if it is good. */
  cause: Cause;
  /** Null if it is good. */
  evidence: Evidence | null;
}

/** What became of the frames of a video slot since the last report. */
export interface SlotDecoding {
  mid: string;
  frames_received: number;
  frames_decoded: number;
}

/** Parameters of `join`. */
export interface JoinParams {
  room: string;
  name: string;
  token?: string;
  offer: string;
  metadata?: Json;
}

/** The result of `join`; that of `resume` is the same without the answer. */
export interface JoinResult {
  participant: string;
  session: string;
  answer: string;
  ice_servers: RTCIceServer[];
  participants: Participant[];
  slots: Slot[];
  limits?: Limits;
  rights?: Rights;
}

/** The result of `resume`: media never stopped, so there is nothing to answer. */
export type ResumeResult = Omit<JoinResult, 'answer'>;

/** Requests, client to server: for each method its parameters and its result. */
export interface Requests {
  join: { params: JoinParams; result: JoinResult };
  resume: { params: { session: string }; result: ResumeResult };
  offer: { params: { offer: string }; result: { answer: string } };
  update: { params: ParticipantUpdate; result: object };
  layout: { params: Layout; result: { slots: Slot[] } };
  message: { params: { to?: string; data: Json }; result: object };
  stats: { params: { decoding?: SlotDecoding[] }; result: { [key: string]: Json } };
  mute: { params: { participant: string; kind: MediaKind }; result: object };
  remove: { params: { participant: string; reason?: string }; result: object };
  leave: { params: object; result: object };
}

/** Notifications, server to client: for each method its parameters. */
export interface Notifications {
  participant_joined: { participant: Participant };
  participant_updated: { participant: Participant };
  participant_left: { id: string; reason: LeaveReason };
  slots: { slots: Slot[] };
  speakers: { speakers: Speaker[] };
  limit: { kind: MediaKind; limit_bps: number; measured_bps: number };
  quality: { verdict: Verdict };
  message: { from: string; to?: string; data: Json };
  draining: { deadline_ms: number; url: string | null };
  closing: { reason: string };
}

/** How loud someone is. */
export interface Speaker {
  participant: string;
  /** 0 (loudest) to 127 (silence) [-dBov]. */
  level: number;
}

/** The name of a request. */
export type Method = keyof Requests;

/** A notification together with its name, to be told apart by `method`. */
export type Notification = {
  [M in keyof Notifications]: { method: M; params: Notifications[M] };
}[keyof Notifications];
