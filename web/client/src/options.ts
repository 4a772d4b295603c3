/** What one hands to an {@link IrisClient}, and what it emits. Only types. */
import type { Environment } from './environment.js';
import type { Closed } from './errors.js';
import type { TrackKind } from './peer.js';
import type {
  Json,
  LeaveReason,
  MediaKind,
  Notification,
  Notifications,
  Participant,
  Slot,
  Speaker,
  Verdict,
} from './protocol.js';

/** A JWT, or what fetches one; it is asked again for every rejoin, so that it need not outlive the meeting. */
export type Token = string | (() => string | Promise<string>);

/** How a client behaves; the parts of {@link Environment} may be replaced, which is meant for tests. */
export interface ClientOptions extends Partial<Environment> {
  /** Come back by itself after the control channel or the media were lost. Default true. */
  reconnect?: boolean;
  /**
   * How long to try to come back, sleep of the machine included; after that the client closes with `connection_lost`,
   * so that a notebook opened the next morning does not enter a room with its microphone on [ms]. Default 10 minutes.
   */
  giveUpAfterMs?: number;
}

/** How to enter a room. */
export interface JoinOptions {
  /** 1 to 128 characters of A-Z a-z 0-9 . _ - ~ */
  room: string;
  /** The name that others see, at most 128 characters. */
  name: string;
  /** Needed unless the server runs without. */
  token?: Token;
  /** Shown to everyone, at most 1 KiB as JSON. */
  metadata?: Json;
  microphone?: MediaStreamTrack | null;
  camera?: MediaStreamTrack | null;
  /** Try again, with growing waits, while the server is full, draining or asked too often (429, 503). Default true. */
  retry?: boolean;
  /** Gives up the join; it rejects with the signal's reason and the client closes. */
  signal?: AbortSignal;
}

/** A slot together with the track that plays it; the track stays the same until a rejoin. */
export interface SlotWithTrack extends Slot {
  track: MediaStreamTrack;
}

/**
 * `idle` until {@link IrisClient.join}, which is `connecting`; `joined` and `reconnecting` alternate; `closed` is the
 * end, and nothing is emitted after it.
 */
export type ClientState = 'idle' | 'connecting' | 'joined' | 'reconnecting' | 'closed';

/** What an {@link IrisClient} emits. */
export interface ClientEvents {
  state: ClientState;
  /** The PeerConnection's own state. While it is not `connected` and the state is `joined`, ICE is being restarted. */
  media: RTCPeerConnectionState;
  participant_joined: Participant;
  /** Somebody else changed name, metadata, mute or share. */
  participant_updated: Participant;
  participant_left: { participant: Participant; reason: LeaveReason };
  /** What each receiving line carries, the whole list, whenever anything in it changed. */
  slots: SlotWithTrack[];
  /** Who speaks, loudest first; at most every 300 ms. */
  speakers: Speaker[];
  /** `to` is absent in a message to the whole room. */
  message: { from: string; to?: string; data: Json };
  /**
   * A moderator muted us, or `participant` shares a screen now in the place of ours. Nothing of that kind is sent any
   * more; `setMuted(kind, false)` or another `setTrack('screen', track)` takes it back.
   */
  muted:
    | { kind: TrackKind; by: 'moderator' }
    | { kind: 'screen'; by: 'sharer'; participant: Participant };
  /** We send more than the contract allows, and the server drops the rest [bits per second]. */
  limit: { kind: MediaKind; limit_bps: number; measured_bps: number };
  /** How it is, and why, when that changed; also when it is good again. Good until told otherwise. */
  quality: Verdict;
  /** The server will go away in `deadline_ms`; the client rejoins by itself, at `url` if there is one. */
  draining: Notifications['draining'];
  /** The next try to come back, the `attempt`-th since the loss, follows in `delayMs` [ms]. */
  reconnecting: { attempt: number; delayMs: number; lost: 'websocket' | 'media' };
  /** Back. `resumed`: media never stopped. `rejoined`: a new participant, a new PeerConnection, new slot tracks. */
  reconnected: { how: 'resumed' | 'rejoined' };
  /** A notification that is newer than this library, as it came. */
  notification: Notification;
  /** The end, once; also after {@link IrisClient.leave} and after a join that failed. */
  closed: Closed;
}

/** Emits one of the events. */
export type Emit = <K extends keyof ClientEvents>(event: K, value: ClientEvents[K]) => void;
