/**
 * One participation in one room, from `join` to the end, as a page sees it. A client is used once: to enter again, make
 * a new one. This file checks arguments and turns intentions into what is to be sent; what happens to the connection
 * meanwhile is in session.ts.
 */
import { environment } from './environment.js';
import { ErrorCode, IrisError, isLost, notInRoom } from './errors.js';
import { Emitter } from './events.js';
import type {
  ClientEvents,
  ClientOptions,
  ClientState,
  JoinOptions,
  SlotWithTrack,
} from './options.js';
import { MEDIA_KIND, type MutableKind } from './own.js';
import type { TrackKind } from './peer.js';
import type { Json, Layout, Limits, MediaKind, Participant, Rights } from './protocol.js';
import { Session } from './session.js';

/** How long coming back is tried unless told otherwise [ms]. */
const GIVE_UP_AFTER_MS = 10 * 60_000;

/**
 * A participant of an Iris room.
 *
 * While the state is `reconnecting`, whatever describes us (tracks, mutes, name, pins, layout) is taken and told later;
 * what concerns others (messages, moderation, statistics) rejects with {@link ErrorCode.connection}. After `closed`
 * every call but {@link leave} rejects with {@link ErrorCode.notJoined}. The tracks stay the caller's: none is stopped.
 */
export class IrisClient extends Emitter<ClientEvents> {
  readonly #session: Session;

  /**
   * @param url      the server's control channel, for instance `wss://example.org/v1/ws`
   * @param options  whether and how long to come back after a loss
   */
  constructor(url: string, options: ClientOptions = {}) {
    super();
    const { reconnect = true, giveUpAfterMs = GIVE_UP_AFTER_MS } = options;
    const settings = { url, reconnect, giveUpAfterMs };
    this.#session = new Session(environment(options), settings, (event, value) =>
      this.emit(event, value),
    );
  }

  /** Where this participation stands. */
  get state(): ClientState {
    return this.#session.state;
  }

  /** Our own participant id, once joined. A rejoin gives another one. */
  get id(): string | null {
    return this.#session.id;
  }

  /** Everyone else in the room, by id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#session.room.participants;
  }

  /** What each receiving line carries now. Empty until joined. */
  get slots(): SlotWithTrack[] {
    return this.#session.slots;
  }

  /** The contract that the server told us, if it did [bits per second]. */
  get limits(): Limits | null {
    return this.#session.limits;
  }

  /** What the token allows; null before the join, and where the server does not say. */
  get rights(): Rights | null {
    return this.#session.own.rights;
  }

  /** The PeerConnection, for statistics; null before {@link join}. Changing it breaks the session. */
  get connection(): RTCPeerConnection | null {
    return this.#session.peer?.connection ?? null;
  }

  /**
   * Enter a room. Missing devices are no hindrance: the participant is announced as muted there, and {@link setTrack}
   * can add them later. Tracks of a kind that the token does not allow are not sent.
   *
   * @throws {@link IrisError} (401 token, 403 not allowed, 404 no such room, 422 browser without Opus or VP8, 503 full
   *   if `retry` is false, connection, timeout), or the signal's reason; the client is closed then
   */
  async join(options: JoinOptions): Promise<void> {
    if (this.state !== 'idle') {
      throw new IrisError(ErrorCode.alreadyJoined, 'this client has been used');
    }
    const { own } = this.#session;
    const { name, metadata, microphone = null, camera = null } = options;
    checkTrack('microphone', microphone);
    checkTrack('camera', camera);
    own.setProfile(metadata === undefined ? { name } : { name, metadata });
    this.#take('microphone', microphone);
    this.#take('camera', camera);
    await this.#session.join(options);
  }

  /**
   * Send another track on one of the three lines, or nothing (null), and tell the room. A muted line stays muted. A
   * track that ends by itself is taken off its line as by `setTrack(kind, null)`.
   *
   * @throws {@link IrisError}: 403 if the token does not allow this kind, invalidParams if the browser does not take
   *   the track, or as the server refused to tell the room
   */
  async setTrack(kind: TrackKind, track: MediaStreamTrack | null): Promise<void> {
    const { own } = this.#session;
    if (this.state === 'idle') throw notInRoom();
    this.#checkOpen();
    checkTrack(kind, track);
    if (track && !own.mayPublish(kind)) {
      throw new IrisError(
        ErrorCode.notAllowed,
        `the token has no right to publish ${MEDIA_KIND[kind]}`,
      );
    }
    const before = own.track(kind);
    this.#take(kind, track);
    try {
      await this.#apply(kind);
    } catch (error) {
      // Unless it was replaced again meanwhile.
      if (own.track(kind) === track) own.setTrack(kind, before);
      throw error;
    }
    await this.#session.announcer.flush();
  }

  /**
   * Mute or unmute, keep the device, and tell the room. A microphone's track gets `enabled = false`, so the caller's
   * level meter falls silent, too; a camera's track is taken off its line, so that nobody gets black pictures. May be
   * called before {@link join}, to enter muted.
   *
   * @throws {@link IrisError} as the server refused to tell the room; it is muted all the same
   */
  async setMuted(kind: MutableKind, muted: boolean): Promise<void> {
    this.#checkOpen();
    this.#session.own.setMuted(kind, muted);
    await this.#apply(kind);
    if (this.#isInside) await this.#session.announcer.flush();
  }

  /** Whether nothing of this kind is sent: muted by us or by a moderator, no track, or no right. */
  isMuted(kind: MutableKind): boolean {
    return this.#session.own.isMuted(kind);
  }

  /**
   * Change what others see of us.
   *
   * @throws {@link IrisError} as the server refused; name and metadata stay as they were then
   */
  async update(profile: { name?: string; metadata?: Json }): Promise<void> {
    this.#checkOpen();
    if (!this.#isInside) throw notInRoom();
    this.#session.own.setProfile(profile);
    await this.#session.announcer.flush();
  }

  /** Show these whenever they send, the first ones first; replaces what was pinned before. See {@link setLayout}. */
  pin(participants: string[]): Promise<void> {
    return this.setLayout({ pinned: participants });
  }

  /**
   * Say what one wants to see; absent fields stay as they are. It is remembered and said again after a loss.
   *
   * @throws {@link IrisError} as the server refused
   */
  async setLayout(layout: Layout): Promise<void> {
    this.#checkOpen();
    this.#session.own.addLayout(layout);
    if (!this.#isInside) return;
    try {
      await this.#session.applyLayout();
    } catch (error) {
      if (!isLost(error)) throw error;
    }
  }

  /**
   * Send any JSON up to 16 KiB to the whole room, or to one participant.
   *
   * @throws {@link IrisError}: 404 `to` is not in the room, 413 too large, 429 more than 10 a second, connection
   */
  async sendMessage(data: Json, to?: string): Promise<void> {
    this.#checkOpen();
    await this.#session.request('message', to === undefined ? { data } : { to, data });
  }

  /**
   * Mute someone else; they may undo it. For moderators.
   *
   * @throws {@link IrisError}: 403 without the right (see {@link rights}), 404 not in the room, connection
   */
  async muteOther(participant: string, kind: MediaKind): Promise<void> {
    this.#checkOpen();
    await this.#session.request('mute', { participant, kind });
  }

  /**
   * Put someone else out of the room; `reason` is shown to them. For moderators.
   *
   * @throws {@link IrisError}: 403 without the right (see {@link rights}), 404 not in the room, connection
   */
  async removeOther(participant: string, reason?: string): Promise<void> {
    this.#checkOpen();
    const params = reason === undefined ? { participant } : { participant, reason };
    await this.#session.request('remove', params);
  }

  /**
   * The server's statistics of this participant (docs/protocol.md, section 4).
   *
   * @throws {@link IrisError}
   */
  async stats(): Promise<{ [key: string]: Json }> {
    this.#checkOpen();
    return this.#session.request('stats', {});
  }

  /**
   * The browser's statistics of the PeerConnection.
   *
   * @throws {@link IrisError} with {@link ErrorCode.notJoined}
   */
  async getStats(): Promise<RTCStatsReport> {
    this.#checkOpen();
    const { connection } = this;
    if (!connection) throw notInRoom();
    return connection.getStats();
  }

  /**
   * Look for a new path for the media. The client does it by itself when the network changes and when the media are
   * interrupted; this is for what it cannot see. Resolves when the server has answered; a path that does not come within
   * 15 s means a rejoin.
   *
   * @throws {@link IrisError}: connection while there is no control channel, or as the server refused
   */
  async restartIce(): Promise<void> {
    this.#checkOpen();
    await this.#session.restartIce();
  }

  /** Leave the room. Never fails: if the server does not confirm in 2 s, the connection ends all the same. */
  leave(): Promise<void> {
    return this.#session.leave();
  }

  get #isInside(): boolean {
    return this.state === 'joined' || this.state === 'reconnecting';
  }

  #checkOpen(): void {
    if (this.state === 'closed') throw notInRoom();
  }

  async #apply(kind: TrackKind): Promise<void> {
    try {
      await this.#session.applyTrack(kind);
    } catch (error) {
      this.#checkOpen();
      throw new IrisError(
        ErrorCode.invalidParams,
        `the ${kind} cannot be sent: ${String(error)}`,
        error,
      );
    }
  }

  #take(kind: TrackKind, track: MediaStreamTrack | null): void {
    this.#session.own.setTrack(kind, track);
    // Unplugged, or the browser's own "stop sharing": the room must not wait for pictures.
    track?.addEventListener('ended', () => {
      if (this.#isInside && this.#session.own.track(kind) === track) {
        void this.setTrack(kind, null).catch(() => undefined);
      }
    });
  }
}

function checkTrack(kind: TrackKind, track: MediaStreamTrack | null): void {
  const wanted = kind === 'microphone' ? 'audio' : 'video';
  if (!track) return;
  if (track.kind !== wanted) {
    throw new IrisError(
      ErrorCode.invalidParams,
      `a ${kind} is a track of ${wanted}, not of ${track.kind}`,
    );
  }
  if (track.readyState === 'ended') {
    const advice = 'Open the device again: a track that was stopped cannot be started.';
    throw new IrisError(
      ErrorCode.invalidParams,
      `the ${kind}'s track has ended`,
      undefined,
      advice,
    );
  }
}
