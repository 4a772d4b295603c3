/**
 * One participation in one room, from `join` to the end. A client is used once: to enter again, make a new one. It
 * keeps the room's state (who is there, what the slots carry) as the server tells it and never guesses.
 *
 * Order of a join (docs/protocol.md, section 1): createOffer, `join`, setConfiguration, setLocalDescription,
 * setRemoteDescription. Notifications that arrive meanwhile are taken into the state but emitted only by what follows
 * `joined`, because before that no slot has a track.
 */
import { closeReason, ErrorCode, IrisError, type Closed } from './errors.js';
import { Emitter } from './events.js';
import { MediaPeer, type LocalTracks } from './peer.js';
import type {
  Json,
  JoinResult,
  Limits,
  LeaveReason,
  Method,
  Notification,
  Notifications,
  Participant,
  ParticipantUpdate,
  Requests,
  Slot,
} from './protocol.js';
import { RpcConnection } from './rpc.js';

/** How long to wait for the server's confirmation before leaving anyway [ms]. */
const LEAVE_TIMEOUT_MS = 2_000;

/** Name of the performance mark set when `join` is sent, for measuring the time to the first picture. */
export const JOIN_MARK = 'iris:join';

/** How to enter a room. */
export interface JoinOptions {
  room: string;
  /** The name that others see. */
  name: string;
  /** A JWT, unless the server runs without. */
  token?: string;
  /** At most 1 KiB as JSON. */
  metadata?: Json;
  microphone?: MediaStreamTrack | null;
  camera?: MediaStreamTrack | null;
}

/** A slot together with the track that plays it; the track stays the same for the whole session. */
export interface SlotWithTrack extends Slot {
  track: MediaStreamTrack;
}

/** `connecting` while {@link IrisClient.join} runs. */
export type ClientState = 'idle' | 'connecting' | 'joined' | 'closed';

/** What an {@link IrisClient} emits. */
export interface ClientEvents {
  state: ClientState;
  /** The PeerConnection's own state. */
  media: RTCPeerConnectionState;
  participant_joined: Participant;
  participant_updated: Participant;
  participant_left: { participant: Participant; reason: LeaveReason };
  slots: SlotWithTrack[];
  speakers: Notifications['speakers']['speakers'];
  /** Everything else that the server says, as it came. */
  notification: Notification;
  /** The end, once; also after {@link IrisClient.leave} and after a join that failed. */
  closed: Closed;
}

/** A participant of an Iris room. */
export class IrisClient extends Emitter<ClientEvents> {
  readonly #url: string;
  readonly #participants = new Map<string, Participant>();
  #state: ClientState = 'idle';
  #rpc: RpcConnection | null = null;
  #peer: MediaPeer | null = null;
  #slots: Slot[] = [];
  #id: string | null = null;
  #limits: Limits | null = null;
  #closingReason = '';

  /** @param url  the server's control channel, for instance `wss://example.org/v1/ws` */
  constructor(url: string) {
    super();
    this.#url = url;
  }

  /** Where this participation stands. */
  get state(): ClientState {
    return this.#state;
  }

  /** Our own participant id, once joined. */
  get id(): string | null {
    return this.#id;
  }

  /** Everyone else in the room, by id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#participants;
  }

  /** The contract that the server told us, if it did. */
  get limits(): Limits | null {
    return this.#limits;
  }

  /** The PeerConnection, for statistics; null before {@link join}. Changing it breaks the session. */
  get connection(): RTCPeerConnection | null {
    return this.#peer?.connection ?? null;
  }

  /** What each receiving line carries now. Empty until joined. */
  get slots(): SlotWithTrack[] {
    return this.#slots.flatMap((slot) => {
      const track = this.#peer?.slotTrack(slot.mid);
      return track ? [{ ...slot, track }] : [];
    });
  }

  /**
   * Enter a room. Missing devices are no hindrance: the participant is announced as muted there, and
   * {@link setTrack} can add them later.
   *
   * @throws {@link IrisError}; the client is closed then
   */
  async join(options: JoinOptions): Promise<void> {
    if (this.#state !== 'idle') {
      throw new IrisError(ErrorCode.alreadyJoined, 'this client has been used');
    }
    this.#setState('connecting');
    const tracks: LocalTracks = {
      microphone: options.microphone ?? null,
      camera: options.camera ?? null,
      screen: null,
    };
    try {
      await Promise.race([this.#negotiate(options, tracks), this.#rejectWhenClosed()]);
    } catch (error) {
      this.#close({ reason: 'join_failed', detail: String(error) });
      throw error;
    }
    this.#setState('joined');
    this.emit('slots', this.slots);
    if (!tracks.microphone || !tracks.camera) {
      await this.#announce({ audio_muted: !tracks.microphone, camera_muted: !tracks.camera });
    }
    if (this.#hasEnded()) throw new IrisError(ErrorCode.connection, 'ended while joining');
  }

  /**
   * Send another track on one of the three lines, or nothing (null), and tell the room. The track stays the caller's:
   * the client never stops one.
   */
  async setTrack(kind: keyof LocalTracks, track: MediaStreamTrack | null): Promise<void> {
    await this.#joinedPeer().replaceTrack(kind, track);
    if (kind === 'microphone') await this.#announce({ audio_muted: !track });
    else if (kind === 'camera') await this.#announce({ camera_muted: !track });
    else await this.#announce({ screen_sharing: track !== null });
  }

  /** Send any request of the protocol but `join` and `leave`, which have methods of their own. */
  request<M extends Exclude<Method, 'join' | 'leave'>>(
    method: M,
    params: Requests[M]['params'],
  ): Promise<Requests[M]['result']> {
    if (!this.#rpc) return Promise.reject(new IrisError(ErrorCode.notFound, 'not joined'));
    return this.#rpc.request(method, params);
  }

  /** The browser's statistics of the PeerConnection. */
  getStats(): Promise<RTCStatsReport> {
    return this.#joinedPeer().connection.getStats();
  }

  /** Leave the room. Never fails: if the server does not confirm in time, the connection ends all the same. */
  async leave(): Promise<void> {
    await this.#rpc?.request('leave', {}, LEAVE_TIMEOUT_MS).catch(() => undefined);
    this.#close({ reason: 'left', detail: '' });
  }

  /** Firefox never settles what a PeerConnection was doing when it was closed, so a join must not wait for that. */
  #rejectWhenClosed(): Promise<never> {
    return new Promise((_, reject) => {
      this.on('closed', ({ detail }) => reject(new IrisError(ErrorCode.connection, detail)));
    });
  }

  async #negotiate(options: JoinOptions, tracks: LocalTracks): Promise<void> {
    const peer = new MediaPeer(tracks);
    this.#peer = peer;
    const offer = await peer.createOffer();
    const rpc = await RpcConnection.open(this.#url);
    if (this.#hasEnded()) {
      rpc.close();
      throw new IrisError(ErrorCode.connection, 'left while joining');
    }
    this.#rpc = rpc;
    rpc.on('notification', (notification) => this.#onNotification(notification));
    rpc.on('closed', ({ code, detail }) =>
      this.#close({ reason: closeReason(code), code, detail: detail || this.#closingReason }),
    );
    performance.mark(JOIN_MARK);
    const result = await rpc.request('join', joinParams(options, offer));
    this.#onJoinResult(result);
    peer.connection.onconnectionstatechange = () => this.#onMediaState(peer.connection);
    await peer.accept(result.answer, result.ice_servers ?? []);
    if (this.#hasEnded()) throw new IrisError(ErrorCode.connection, 'ended while joining');
  }

  #onJoinResult(result: JoinResult): void {
    this.#id = result.participant;
    this.#limits = result.limits ?? null;
    this.#slots = result.slots ?? [];
    for (const participant of result.participants) {
      this.#participants.set(participant.id, participant);
    }
  }

  #onMediaState(connection: RTCPeerConnection): void {
    if (this.#hasEnded()) return;
    this.emit('media', connection.connectionState);
    if (connection.connectionState === 'failed') {
      this.#close({ reason: 'media_failed', detail: 'no media path to the server' });
    }
  }

  #onNotification(notification: Notification): void {
    switch (notification.method) {
      case 'participant_joined':
      case 'participant_updated':
        this.#participants.set(notification.params.participant.id, notification.params.participant);
        return this.#emitIfJoined(notification.method, notification.params.participant);
      case 'participant_left':
        return this.#onLeft(notification.params);
      case 'slots':
        this.#slots = notification.params.slots;
        return this.#emitIfJoined('slots', this.slots);
      case 'speakers':
        return this.#emitIfJoined('speakers', notification.params.speakers);
      case 'closing':
        this.#closingReason = notification.params.reason;
        return;
      default:
        this.#emitIfJoined('notification', notification);
    }
  }

  #onLeft({ id, reason }: Notifications['participant_left']): void {
    const participant = this.#participants.get(id);
    if (!participant) return;
    this.#participants.delete(id);
    this.#emitIfJoined('participant_left', { participant, reason });
  }

  #emitIfJoined<K extends keyof ClientEvents>(event: K, value: ClientEvents[K]): void {
    if (this.#state === 'joined') this.emit(event, value);
  }

  /**
   * Tell the room about ourselves. The media has changed already, so a refusal is no failure of the caller's; a server
   * that does not know `update` is not even worth a warning.
   */
  async #announce(update: ParticipantUpdate): Promise<void> {
    try {
      await this.request('update', update);
    } catch (error) {
      if (error instanceof IrisError && error.code === ErrorCode.methodNotFound) return;
      console.warn('the room was not told', update, error);
    }
  }

  #joinedPeer(): MediaPeer {
    if (this.#state !== 'joined' || !this.#peer) {
      throw new IrisError(ErrorCode.notFound, 'not joined');
    }
    return this.#peer;
  }

  #setState(state: ClientState): void {
    this.#state = state;
    this.emit('state', state);
  }

  /** A method, because the state changes behind every `await`, which the compiler's narrowing does not see. */
  #hasEnded(): boolean {
    return this.#state === 'closed';
  }

  #close(closed: Closed): void {
    if (this.#hasEnded()) return;
    // The state first: closing the parts below reports back here.
    this.#state = 'closed';
    this.#rpc?.close();
    this.#peer?.close();
    this.emit('state', 'closed');
    this.emit('closed', closed);
  }
}

function joinParams(options: JoinOptions, offer: string): Requests['join']['params'] {
  const { room, name, token, metadata } = options;
  return {
    room,
    name,
    offer,
    ...(token === undefined ? {} : { token }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
