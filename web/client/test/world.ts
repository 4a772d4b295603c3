/**
 * A played server, network and browser for the tests: sockets and PeerConnections that do what the test says, on
 * Vitest's fake timers. `World.answers` is the server: for each method what it answers, or throws as a {@link Refusal}.
 */
import { vi } from 'vitest';
import {
  IrisClient,
  type ClientEvents,
  type ClientOptions,
  type NetworkChange,
} from '../src/index.js';
import type { JoinResult, Participant, Slot } from '../src/protocol.js';

/** A request as the server gets it. */
export interface Request {
  id: number;
  method: string;
  params: Record<string, unknown>;
}

/** An error as the server answers it. */
export class Refusal {
  constructor(
    readonly code: number,
    readonly message = 'no',
    readonly data?: unknown,
  ) {}
}

/** Answers that never come. */
export const SILENCE = Symbol('silence');

/** The browser's WebSocket, connected to the played server. */
export class FakeSocket {
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly requests: Request[] = [];
  /** The code with which the client closed it. */
  closedWith: number | null = null;

  constructor(
    readonly world: World,
    readonly url: string,
    readonly protocol: string,
  ) {
    world.sockets.push(this);
    queueMicrotask(() => {
      if (world.isUnreachable) this.drop(1006);
      else if (!world.isStuck) this.onopen?.();
    });
  }

  send(text: string): void {
    const request = JSON.parse(text) as Request;
    this.requests.push(request);
    this.world.calls.push(request.method);
    const answer = this.#answer(request);
    if (answer === SILENCE) return;
    queueMicrotask(() => this.receive({ id: request.id, ...(answer as object) }));
  }

  #answer({ method, params }: Request): unknown {
    const answers = this.world.answers[method];
    if (answers === undefined) return { error: { code: -32601, message: `no method ${method}` } };
    const answer = answers(params);
    if (answer === SILENCE) return SILENCE;
    return answer instanceof Refusal ? { error: { ...answer } } : { result: answer };
  }

  /** The server sends a frame. */
  receive(message: unknown): void {
    const data = typeof message === 'string' ? message : JSON.stringify(message);
    this.onmessage?.({ data });
  }

  /** The server sends a notification. */
  notify(method: string, params: object): void {
    this.receive({ jsonrpc: '2.0', method, params });
  }

  /** The connection ends from the other side. */
  drop(code: number, reason = ''): void {
    this.onclose?.({ code, reason });
  }

  close(code = 1000): void {
    this.closedWith ??= code;
  }
}

interface Line {
  kind: string;
  init: RTCRtpTransceiverInit;
  mid: string | null;
  /** What stands on the line now. */
  track: unknown;
  receiver: { track: { kind: string; id: string } };
}

/** The browser's RTCPeerConnection. */
export class FakePeer extends EventTarget {
  connectionState: RTCPeerConnectionState = 'new';
  iceConnectionState: RTCIceConnectionState = 'new';
  readonly lines: Line[] = [];
  readonly name: string;
  offers = 0;
  isClosed = false;

  constructor(
    readonly world: World,
    readonly configuration: RTCConfiguration,
  ) {
    super();
    this.name = `pc${world.peers.push(this)}`;
  }

  addTransceiver(track: string | { kind: string }, init: RTCRtpTransceiverInit) {
    const kind = typeof track === 'string' ? track : track.kind;
    const mid = this.lines.length;
    const receiver = {
      track: { kind, id: `${this.name}-${mid}` },
      getSynchronizationSources: () => [{ source: mid, rtpTimestamp: this.world.rtpTimestamp }],
    };
    const line: Line = {
      kind,
      init,
      mid: null,
      track: typeof track === 'string' ? null : track,
      receiver,
    };
    this.lines.push(line);
    const parameters = { encodings: structuredClone(init.sendEncodings ?? []) };
    const sender = {
      replaceTrack: async (next: unknown) => {
        this.world.calls.push(`replaceTrack ${mid}`);
        if (this.world.refusesTracks) throw new DOMException('no', 'InvalidModificationError');
        line.track = next;
      },
      getParameters: () => parameters,
      setParameters: async ({ encodings }: { encodings: RTCRtpEncodingParameters[] }) => {
        const isCamera = encodings.some(({ rid }) => rid !== undefined);
        const set = encodings.map((e) => (isCamera ? e.scaleResolutionDownBy : e.active));
        this.world.calls.push(`${isCamera ? 'scale' : 'active'} ${set.join()}`);
      },
    };
    return { sender };
  }

  getTransceivers() {
    return this.lines;
  }

  async getStats() {
    this.world.looks++;
    await this.world.count();
    const inbound = this.world.inbound.map((entry, index) => [`in${index}`, entry] as const);
    return new Map<string, unknown>([['peer', this.name], ...inbound]);
  }

  async createOffer(options: RTCOfferOptions = {}) {
    this.world.calls.push(options.iceRestart ? 'createOffer restart' : 'createOffer');
    return {
      type: 'offer',
      sdp: `offer ${++this.offers} of ${this.name}${this.world.offeredLines}`,
    };
  }

  setConfiguration(configuration: RTCConfiguration) {
    this.world.calls.push(`setConfiguration ${configuration.iceServers?.length}`);
  }

  async setLocalDescription(description: RTCSessionDescriptionInit) {
    this.world.calls.push(`setLocalDescription ${description.sdp}`);
    this.lines.forEach((line, index) => (line.mid = String(index)));
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit) {
    this.world.calls.push(`setRemoteDescription ${description.sdp}`);
    if (this.world.browserIsStuck) await new Promise(() => undefined);
    if (this.world.refusesAnswers) throw new DOMException('bad answer', 'OperationError');
    if (this.connectionState === 'new') this.become('connecting', 'checking');
    if (this.world.mediaConnects) this.become('connected', 'connected');
  }

  /** The browser's view of the connection changes. */
  become(state: RTCPeerConnectionState, ice: RTCIceConnectionState): void {
    if (this.isClosed) return;
    this.iceConnectionState = ice;
    this.dispatchEvent(new Event('iceconnectionstatechange'));
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }

  close() {
    this.isClosed = true;
  }
}

/** A local track. */
export class FakeTrack extends EventTarget {
  enabled = true;
  readyState = 'live';

  constructor(
    readonly kind: 'audio' | 'video',
    readonly height = 480,
  ) {
    super();
  }

  getSettings() {
    return { height: this.height };
  }

  /** The device is unplugged. */
  end(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }

  get asTrack(): MediaStreamTrack {
    return this as unknown as MediaStreamTrack;
  }
}

/** Someone in the room. */
export function person(id: string, changes: Partial<Participant> = {}): Participant {
  const nothing = { audio_muted: false, camera_muted: false, screen_sharing: false };
  return { id, name: id, ...nothing, ...changes };
}

/** A slot; mid 6 is the first of the cameras. */
export function slot(participant: string | null, changes: Partial<Slot> = {}): Slot {
  return {
    mid: '6',
    kind: 'camera',
    participant,
    state: participant ? 'live' : 'idle',
    ...changes,
  };
}

/** Everything that a client meets. */
export class World {
  readonly sockets: FakeSocket[] = [];
  readonly peers: FakePeer[] = [];
  /** What was called on sockets and peers, in order. */
  readonly calls: string[] = [];
  readonly networkListeners = new Set<(change: NetworkChange) => void>();
  readonly visibilityListeners = new Set<(isVisible: boolean) => void>();
  /** No connection can be made. */
  isUnreachable = false;
  /** No connection is made, and none is refused. */
  isStuck = false;
  mediaConnects = true;
  /** Of the newest packet in every slot. */
  rtpTimestamp = 0;
  browserIsStuck = false;
  /** What an offer says after its name. */
  offeredLines = '';
  /** The browser's statistics of what arrives. */
  inbound: Record<string, unknown>[] = [];
  /** How often they were asked for. */
  looks = 0;
  /** What they wait for. */
  count = async (): Promise<void> => undefined;
  refusesAnswers = false;
  refusesTracks = false;
  chance = 0.5;
  joins = 0;
  participants: Participant[] = [person('ada')];
  slots: Slot[] = [slot('ada')];
  answers: Record<string, (params: Record<string, unknown>) => unknown> = {
    join: () => this.joined(`me${++this.joins}`),
    resume: () => this.resumed(`me${this.joins}`),
    offer: () => ({ answer: 'the answer to a restart' }),
    update: () => ({}),
    layout: () => ({ slots: this.slots }),
    message: () => ({}),
    stats: () => ({ verdict: { quality: 'good' } }),
    mute: () => ({}),
    remove: () => ({}),
    leave: () => ({}),
  };

  joined(participant: string): JoinResult {
    const ice_servers = [{ urls: 'turn:a' }];
    return { ...this.resumed(participant), answer: 'the answer', ice_servers };
  }

  resumed(participant: string): Omit<JoinResult, 'answer'> {
    const { participants, slots } = this;
    const session = `secret ${this.sockets.length}`;
    return { participant, session, ice_servers: [], participants, slots };
  }

  get options(): ClientOptions {
    const world = this;
    class Socket extends FakeSocket {
      constructor(url: string, protocol: string) {
        super(world, url, protocol);
      }
    }
    class Peer extends FakePeer {
      constructor(configuration: RTCConfiguration) {
        super(world, configuration);
      }
    }
    return {
      WebSocket: Socket as unknown as new (url: string) => WebSocket,
      RTCPeerConnection: Peer as unknown as new () => RTCPeerConnection,
      random: () => this.chance,
      watchNetwork: (listener) => {
        this.networkListeners.add(listener);
        return () => void this.networkListeners.delete(listener);
      },
      watchVisibility: (listener) => {
        this.visibilityListeners.add(listener);
        listener(true);
        return () => void this.visibilityListeners.delete(listener);
      },
    };
  }

  get socket(): FakeSocket {
    return last(this.sockets);
  }

  get peer(): FakePeer {
    return last(this.peers);
  }

  changeNetwork(change: NetworkChange = 'changed'): void {
    for (const listener of [...this.networkListeners]) listener(change);
  }

  /** The page comes to the front, or goes to the back. */
  show(isVisible: boolean): void {
    for (const listener of [...this.visibilityListeners]) listener(isVisible);
  }

  /** The parameters of every request of this method, over all sockets. */
  asked(method: string): Record<string, unknown>[] {
    const requests = this.sockets.flatMap((socket) => socket.requests);
    return requests.filter((request) => request.method === method).map((request) => request.params);
  }

  client(options: ClientOptions = {}): IrisClient {
    return new IrisClient('wss://host/v1/ws', { ...this.options, ...options });
  }

  /** A client that is in the room, with both devices unless told otherwise. */
  async join(options: ClientOptions = {}): Promise<Inside> {
    const client = this.client(options);
    const microphone = new FakeTrack('audio');
    const camera = new FakeTrack('video');
    const tracks = { microphone: microphone.asTrack, camera: camera.asTrack };
    await client.join({ room: 'lobby', name: 'me', ...tracks });
    await settle();
    return { client, microphone, camera, events: record(client) };
  }
}

/** A client in a room, and what it has emitted since. */
export interface Inside {
  client: IrisClient;
  microphone: FakeTrack;
  camera: FakeTrack;
  events: [keyof ClientEvents, unknown][];
}

const EVENTS: Record<keyof ClientEvents, true> = {
  state: true,
  media: true,
  participant_joined: true,
  participant_updated: true,
  participant_left: true,
  slots: true,
  speakers: true,
  message: true,
  muted: true,
  limit: true,
  quality: true,
  draining: true,
  reconnecting: true,
  reconnected: true,
  notification: true,
  closed: true,
};

/** Everything that a client emits from now on, in order. */
export function record(client: IrisClient): [keyof ClientEvents, unknown][] {
  const events: [keyof ClientEvents, unknown][] = [];
  for (const event of Object.keys(EVENTS) as (keyof ClientEvents)[]) {
    client.on(event, (value) => events.push([event, value]));
  }
  return events;
}

/** The values of one event. */
export function valuesOf<K extends keyof ClientEvents>(
  events: [keyof ClientEvents, unknown][],
  name: K,
): ClientEvents[K][] {
  return events.filter(([event]) => event === name).map(([, value]) => value as ClientEvents[K]);
}

/** Let everything happen that needs no time. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** Let time pass [ms]. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function last<T>(list: T[]): T {
  const item = list.at(-1);
  if (!item) throw new Error('there is none yet');
  return item;
}
