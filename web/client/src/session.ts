/**
 * One participation and the way back into it: which connection and which PeerConnection are the current ones, and what
 * follows when either is lost. The invariant: `joined` means that there is a control channel; the PeerConnection is
 * replaced only by a rejoin that has worked, so media go on as long as they can; after `closed` nothing is emitted and
 * nothing is left running. What the caller wants is in own.ts, the room in room.ts, the way back in wayback.ts, the
 * waiting in retry.ts.
 */
import { Announcer } from './announcer.js';
import { DecodingReports } from './decoding.js';
import type { Entered } from './entry.js';
import type { Environment } from './environment.js';
import {
  closeReason,
  endReason,
  ErrorCode,
  IrisError,
  isBusy,
  isFinal,
  isLost,
  noChannel,
  notInRoom,
  sentenceOf,
  type Closed,
} from './errors.js';
import { take } from './inbox.js';
import { MediaWatch } from './media_watch.js';
import type { ClientState, Emit, JoinOptions, SlotWithTrack } from './options.js';
import { OwnState } from './own.js';
import { TRACK_KINDS, type MediaPeer, type TrackKind } from './peer.js';
import type { Limits, Method, Notification, Requests, Slot } from './protocol.js';
import { RoomState } from './room.js';
import { CLOSE_SILENT, type RpcConnection } from './rpc.js';
import { WayBack, type SessionSettings } from './wayback.js';

/** How long a restart of ICE waits for the server, when the network is suspected to be gone [ms]. */
const URGENT_MS = 400;

/** How long to wait for the server's confirmation before leaving anyway [ms]. */
const LEAVE_TIMEOUT_MS = 2_000;

/** One participation. Used once. */
export class Session {
  readonly own = new OwnState();
  readonly room = new RoomState();
  readonly announcer: Announcer;
  readonly #env: Environment;
  readonly #settings: SessionSettings;
  readonly #emitNow: Emit;
  readonly #ended = new AbortController();
  readonly #way: WayBack;
  #state: ClientState = 'idle';
  #id: string | null = null;
  #limits: Limits | null = null;
  #rpc: RpcConnection | null = null;
  #peer: MediaPeer | null = null;
  #watch: MediaWatch | null = null;
  #decoding: DecodingReports | null = null;
  /** Why the media of the current PeerConnection are lost for good; null while they are not. */
  #lostMedia: string | null = null;
  #closingReason = '';

  /** @param emit  called for every event, in order */
  constructor(env: Environment, settings: SessionSettings, emit: Emit) {
    this.#env = env;
    this.#settings = settings;
    this.#way = new WayBack(env, settings, this.own, this.#ended.signal);
    this.#emitNow = emit;
    const send = (update: Requests['update']['params']) => this.request('update', update);
    this.announcer = new Announcer(env, this.own, send, this.#ended.signal);
  }

  get state(): ClientState {
    return this.#state;
  }

  get id(): string | null {
    return this.#id;
  }

  get limits(): Limits | null {
    return this.#limits;
  }

  get peer(): MediaPeer | null {
    return this.#peer;
  }

  get slots(): SlotWithTrack[] {
    return this.room.slots.flatMap((slot) => {
      const track = this.#peer?.slotTrack(slot.mid);
      return track ? [{ ...slot, track }] : [];
    });
  }

  /** Enter, and tell the room what the join could not say. See `IrisClient.join`. */
  async join(options: JoinOptions): Promise<void> {
    this.#way.ticket = { room: options.room, token: options.token };
    this.#setState('connecting');
    const { signal } = options;
    const onAbort = () => this.close({ reason: 'left', detail: 'the join was aborted' });
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    try {
      this.#settle(await this.#way.enterFirst(options.retry !== false), 'joined');
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      this.close({ reason: endReason(error, 'join_failed'), detail: sentenceOf(error) });
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    this.#ended.signal.throwIfAborted();
    this.#catchUp();
  }

  /** Send a request on the current connection. @param timeoutMs  how long to wait, if not as usual [ms] */
  request<M extends Method>(
    method: M,
    params: Requests[M]['params'],
    timeoutMs?: number,
  ): Promise<Requests[M]['result']> {
    if (this.#rpc) return this.#rpc.request(method, params, timeoutMs);
    const isBetween = this.#state === 'reconnecting' || this.#state === 'connecting';
    return Promise.reject(isBetween ? noChannel(method) : notInRoom());
  }

  /** Put on a line what the caller wants there now, if there are lines. Rejects as `replaceTrack` does. */
  async applyTrack(kind: TrackKind): Promise<void> {
    await this.#peer?.send(kind, this.own.lines[kind]);
  }

  /** Ask the server for the layout that the caller wants. */
  async applyLayout(): Promise<void> {
    if (Object.keys(this.own.layout).length === 0) return;
    const { slots } = await this.request('layout', this.own.layout);
    this.#onSlots(slots);
  }

  /** See `IrisClient.restartIce`. Urgent: see {@link MediaWatchHandlers}. */
  async restartIce(isUrgent = false): Promise<void> {
    const peer = this.#peer;
    if (!peer) throw notInRoom();
    await peer.restartIce(async (offer) => {
      const { answer } = await this.request('offer', { offer }, isUrgent ? URGENT_MS : undefined);
      // Before it is applied: the media may be back before that is reported.
      if (peer === this.#peer) this.#watch?.onRestarted();
      return answer;
    });
  }

  /** Leave; never fails. */
  async leave(): Promise<void> {
    await this.#rpc?.request('leave', {}, LEAVE_TIMEOUT_MS).catch(ignore);
    this.close({ reason: 'left', detail: '' });
  }

  /** End everything. Only the first call counts. */
  close(closed: Closed): void {
    if (this.#hasEnded()) return;
    // The state first: closing the parts below reports back here.
    this.#state = 'closed';
    const what = closed.detail
      ? `the session has ended: ${closed.detail}`
      : 'the session has ended';
    this.#ended.abort(new IrisError(ErrorCode.notJoined, what));
    this.#watch?.dispose();
    this.#decoding?.dispose();
    this.#rpc?.close();
    this.#rpc = null;
    this.#peer?.close();
    this.#emitNow('state', 'closed');
    this.#emitNow('closed', closed);
  }

  /** We are in: take over what the try has made, say so, and then let in what the server has said since. */
  #settle({ rpc, result, peer }: Entered, how: 'joined' | 'resumed' | 'rejoined'): void {
    if (this.#hasEnded()) {
      rpc.close();
      peer?.close();
      return;
    }
    this.#rpc = rpc;
    this.#id = result.participant;
    this.#limits = result.limits ?? null;
    this.own.rights = result.rights ?? null;
    if (peer) this.#takePeer(peer, how === 'rejoined');
    const changes = this.room.replace(result.participants, result.slots ?? []);
    this.#setState('joined');
    // Those who are there at the first join have not come.
    for (const change of how === 'joined' ? [] : changes) this.#emit(change.event, change.value);
    this.#emit('slots', this.slots);
    if (how !== 'joined') this.#emit('reconnected', { how });
    if (this.#hasEnded()) return;
    this.#watch?.start();
    if (this.#watch?.isConnected) this.#way.onWell();
    rpc.attach({
      onNotification: (notification) => {
        if (this.#rpc === rpc) this.#onNotification(notification);
      },
      onClosed: (code, detail) => this.#onRpcClosed(rpc, code, detail),
    });
  }

  #takePeer(peer: MediaPeer, mustConnect: boolean): void {
    this.#watch?.dispose();
    this.#decoding?.dispose();
    this.#peer?.close();
    this.#peer = peer;
    this.#lostMedia = null;
    const handlers = {
      restartIce: (isUrgent: boolean) => this.restartIce(isUrgent),
      pulse: () => peer.pulse(this.room.liveMids),
      onState: (state: RTCPeerConnectionState) => this.#onMediaState(state),
      onLost: (why: string) => this.#onMediaLost(why),
    };
    this.#watch = new MediaWatch(this.#env, peer.connection, handlers, mustConnect);
    this.#decoding = new DecodingReports(this.#env, peer.connection, (decoding) =>
      this.request('stats', { decoding }),
    );
  }

  #onMediaState(state: RTCPeerConnectionState): void {
    if (state === 'connected' && this.#state === 'joined') this.#way.onWell();
    this.#emit('media', state);
  }

  #onNotification(notification: Notification): void {
    if (notification.method === 'closing') {
      this.#closingReason = notification.params.reason;
      return;
    }
    if (notification.method === 'draining') this.#way.onDraining(notification.params.url);
    const { id, room, own } = this;
    for (const due of take(notification, { id, room, own, slots: () => this.slots })) {
      if (due.event === 'muted') void this.applyTrack(due.value.kind).catch(ignore);
      this.#emit(due.event, due.value);
    }
  }

  #onSlots(slots: Slot[]): void {
    if (this.room.setSlots(slots)) this.#emit('slots', this.slots);
  }

  #onRpcClosed(rpc: RpcConnection, code: number, words: string): void {
    if (this.#hasEnded() || this.#rpc !== rpc) return;
    this.#rpc = null;
    const reason = closeReason(code);
    const detail = words || this.#closingReason;
    this.#closingReason = '';
    if (isFinal(reason) || !this.#settings.reconnect) return this.close({ reason, code, detail });
    // A connection that we found silent is ours alone; one that the server closed is everybody's, who must not come at once.
    void this.#recover('websocket', reason !== 'drained', code === CLOSE_SILENT);
  }

  #onMediaLost(why: string): void {
    this.#lostMedia = why;
    // Without a control channel the way back is under way; the media follow when it is there.
    if (this.#state !== 'joined') return;
    const isFirst = !this.#watch?.hasConnected && !this.#way.outage;
    if (isFirst || !this.#settings.reconnect) {
      const advice = 'Check that UDP to the server is open, or that it offers a TURN server.';
      return this.close({ reason: 'media_failed', detail: `${why}. ${advice}` });
    }
    // The participant whom the others see would stay for a while, beside the new one.
    const old = this.#rpc;
    this.#rpc = null;
    const closeOld = () => old?.close();
    void old?.request('leave', {}, LEAVE_TIMEOUT_MS).then(closeOld, closeOld);
    void this.#recover('media', false);
  }

  async #recover(
    lost: 'websocket' | 'media',
    hasSession: boolean,
    isAtOnce = false,
  ): Promise<void> {
    this.#setState('reconnecting');
    const onWait = (attempt: number, delayMs: number) =>
      this.#emit('reconnecting', { attempt, delayMs, lost });
    try {
      const entered = await this.#way.comeBack(hasSession, isAtOnce, onWait);
      this.#settle(entered, entered.peer ? 'rejoined' : 'resumed');
    } catch (error) {
      const fallback = isBusy(error) || isLost(error) ? 'connection_lost' : 'join_failed';
      return this.close({ reason: endReason(error, fallback), detail: sentenceOf(error) });
    }
    this.#catchUp();
  }

  /** What the caller changed while we were away, and what a new participant has to say again. */
  #catchUp(): void {
    if (this.#lostMedia !== null) return this.#onMediaLost(this.#lostMedia);
    this.#watch?.onResumed();
    this.own.forgetPins((id) => this.room.participants.has(id));
    for (const kind of TRACK_KINDS) void this.applyTrack(kind).catch(ignore);
    void this.announcer.flush().catch(ignore);
    void this.applyLayout().catch(ignore);
  }

  #setState(state: ClientState): void {
    if (this.#hasEnded()) return;
    this.#state = state;
    this.#emit('state', state);
  }

  #emit: Emit = (event, value) => {
    if (!this.#hasEnded()) this.#emitNow(event, value);
  };

  /** A method, because the state changes behind every `await`, which the compiler's narrowing does not see. */
  #hasEnded(): boolean {
    return this.#state === 'closed';
  }
}

/** For what fails because of a loss that is being dealt with already, or that nobody has asked for. */
function ignore(): void {}
