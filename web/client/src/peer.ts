/**
 * The one RTCPeerConnection of a participant, with all the lines that it will ever need (docs/protocol.md, section 1):
 * microphone, camera, screen, then 3 audio slots, 4 camera slots and the screen slot. The server gives each line its
 * role by this order, so the order is the invariant of this file. Later changes only replace tracks; nothing is
 * renegotiated but the ICE credentials. Who is in a slot is not known here.
 *
 * A line that the token does not allow is refused by the server. It must not be the first one: Chromium gives up all
 * lines with the first of a bundle ("Failed to setup RTCP mux"). Then the microphone, or all sending lines, come later.
 */
import { activateScreen, cameraEncodings, rescaleCamera, screenEncodings } from './encodings.js';
import type { Environment } from './environment.js';
import { markSlides } from './slides.js';
import type { FirstLine } from './token.js';

/** A line of one's own, and the device behind it. */
export type TrackKind = 'microphone' | 'camera' | 'screen';

/** All of them, in the order of their lines. */
export const TRACK_KINDS: readonly TrackKind[] = ['microphone', 'camera', 'screen'];

/** What is sent, each on a line of its own. */
export type LocalTracks = Record<TrackKind, MediaStreamTrack | null>;

const AUDIO_SLOTS = 3;
const VIDEO_SLOTS = 5;

/** Asks the server to answer an offer. */
export type AskForAnswer = (offer: string) => Promise<string>;

/** The PeerConnection and its eleven lines. */
export class MediaPeer {
  readonly connection: RTCPeerConnection;
  readonly #senders: Record<TrackKind, RTCRtpSender>;
  readonly #isScreenFirst: boolean;
  #sending: LocalTracks;
  #offer: Promise<RTCSessionDescriptionInit> | null = null;
  #restart: Promise<void> | null = null;

  /**
   * @param tracks  what to send from the start; null where there is nothing yet
   * @param first  what the offer begins with
   */
  constructor(env: Environment, tracks: LocalTracks, first: FirstLine = 'microphone') {
    const connection = new env.RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.connection = connection;
    this.#sending = { ...tracks };
    const microphone = () => addSender(connection, 'audio', tracks.microphone, []);
    const camera = () =>
      addSender(connection, 'video', tracks.camera, cameraEncodings(tracks.camera));
    const screen = () =>
      addSender(connection, 'video', tracks.screen, screenEncodings(tracks.screen));
    this.#isScreenFirst = first === 'screen';
    if (first === 'slots') addSlots(connection);
    // Objects are made in the order of what is written.
    if (first === 'screen') {
      this.#senders = { screen: screen(), camera: camera(), microphone: microphone() };
    } else if (first === 'camera') {
      this.#senders = { camera: camera(), screen: screen(), microphone: microphone() };
    } else {
      this.#senders = { microphone: microphone(), camera: camera(), screen: screen() };
    }
    if (first !== 'slots') addSlots(connection);
  }

  /**
   * The text for `join`; the same however often it is asked for. It is not applied yet: TURN servers must be known
   * before candidates are gathered.
   */
  async createOffer(): Promise<string> {
    this.#offer ??= this.connection.createOffer();
    return this.#toServer(await this.#offer);
  }

  /** Apply what `join` answered; from here on the browser connects. */
  async accept(answer: string, iceServers: RTCIceServer[]): Promise<void> {
    if (!this.#offer) throw new Error('accept() before createOffer()');
    this.connection.setConfiguration({ bundlePolicy: 'max-bundle', iceServers });
    await this.connection.setLocalDescription(await this.#offer);
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /**
   * Look for a new path with new ICE credentials. One at a time: a call while one is under way is that one. As in a
   * join, nothing is applied before the answer is there, so a request that fails leaves the connection as it was, and
   * the new candidates are those of the network at that moment.
   */
  restartIce(ask: AskForAnswer): Promise<void> {
    this.#restart ??= this.#restartOnce(ask).finally(() => (this.#restart = null));
    return this.#restart;
  }

  async #restartOnce(ask: AskForAnswer): Promise<void> {
    const offer = await this.connection.createOffer({ iceRestart: true });
    const answer = await ask(this.#toServer(offer));
    await this.connection.setLocalDescription(offer);
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /** For the server, the first video line is a camera's unless it says otherwise. */
  #toServer({ sdp = '' }: RTCSessionDescriptionInit): string {
    return this.#isScreenFirst ? markSlides(sdp) : sdp;
  }

  /** Send `track` on its line from now on, or nothing. No effect where that is so already. */
  async send(kind: TrackKind, track: MediaStreamTrack | null): Promise<void> {
    const before = this.#sending[kind];
    if (before === track) return;
    const sender = this.#senders[kind];
    this.#sending[kind] = track;
    try {
      await sender.replaceTrack(track);
    } catch (error) {
      // Unless somebody else has put another one there meanwhile.
      if (this.#sending[kind] === track) this.#sending[kind] = before;
      throw error;
    }
    if (kind === 'camera' && track) await rescaleCamera(sender, track);
    if (kind === 'screen') await activateScreen(sender, track);
  }

  /** The track of a slot. It is the same as long as this peer, whoever is in the slot. Null if there is no such line. */
  slotTrack(mid: string): MediaStreamTrack | null {
    const line = this.connection.getTransceivers().find((t) => t.mid === mid);
    return line?.receiver.track ?? null;
  }

  /** What was played last of these slots' packets; another text as soon as another one was. */
  pulse(mids: readonly string[]): string {
    return this.connection
      .getTransceivers()
      .filter(({ mid }) => mid !== null && mids.includes(mid))
      .flatMap(({ receiver }) => receiver.getSynchronizationSources?.() ?? [])
      .map(({ source, rtpTimestamp }) => `${source}:${rtpTimestamp}`)
      .join(' ');
  }

  /** Stop everything. The local tracks stay their owner's. */
  close(): void {
    this.connection.close();
  }
}

function addSender(
  connection: RTCPeerConnection,
  kind: 'audio' | 'video',
  track: MediaStreamTrack | null,
  sendEncodings: RTCRtpEncodingParameters[],
): RTCRtpSender {
  const init: RTCRtpTransceiverInit = { direction: 'sendonly' };
  if (sendEncodings.length > 0) init.sendEncodings = sendEncodings;
  return connection.addTransceiver(track ?? kind, init).sender;
}

function addSlots(connection: RTCPeerConnection): void {
  const direction = 'recvonly';
  for (let i = 0; i < AUDIO_SLOTS; i++) connection.addTransceiver('audio', { direction });
  for (let i = 0; i < VIDEO_SLOTS; i++) connection.addTransceiver('video', { direction });
}
