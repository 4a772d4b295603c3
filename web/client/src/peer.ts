/**
 * The one RTCPeerConnection of a participant, with all the lines that it will ever need (docs/protocol.md, section 1):
 * microphone, camera, screen, then 3 audio slots, 4 camera slots and the screen slot. The server gives each line its
 * role by this order, so the order is the invariant of this file. Later changes only replace tracks; nothing is
 * renegotiated. Who is in a slot is not known here.
 */

/** What is sent, each on a line of its own. */
export interface LocalTracks {
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
  screen: MediaStreamTrack | null;
}

const AUDIO_SLOTS = 3;
const VIDEO_SLOTS = 5;

/** The contract's picture height for a camera [pixels]; anything larger is scaled down to it. */
const CAMERA_HEIGHT = 480;

/** A pair of layers that Chromium starts under the camera's 500 kbps; three would never start the top one. */
const CAMERA_LOW_BPS = 150_000;
const CAMERA_HIGH_BPS = 350_000;

/** The contract's rate for a screen share. */
const SCREEN_BPS = 800_000;

/** The PeerConnection and its eleven lines. */
export class MediaPeer {
  readonly connection: RTCPeerConnection;
  readonly #senders: Record<keyof LocalTracks, RTCRtpSender>;
  #offer: RTCSessionDescriptionInit | null = null;

  /** @param tracks  what to send from the start; null where there is nothing yet */
  constructor(tracks: LocalTracks) {
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.connection = connection;
    this.#senders = {
      microphone: addSender(connection, 'audio', tracks.microphone, []),
      camera: addSender(connection, 'video', tracks.camera, cameraEncodings(tracks.camera)),
      screen: addSender(connection, 'video', tracks.screen, [{ maxBitrate: SCREEN_BPS }]),
    };
    for (let i = 0; i < AUDIO_SLOTS; i++) addSlot(connection, 'audio');
    for (let i = 0; i < VIDEO_SLOTS; i++) addSlot(connection, 'video');
  }

  /** The text for `join`. It is not applied yet: TURN servers must be known before candidates are gathered. */
  async createOffer(): Promise<string> {
    this.#offer = await this.connection.createOffer();
    return this.#offer.sdp ?? '';
  }

  /** Apply what `join` answered; from here on the browser connects. */
  async accept(answer: string, iceServers: RTCIceServer[]): Promise<void> {
    if (!this.#offer) throw new Error('accept() before createOffer()');
    this.connection.setConfiguration({ bundlePolicy: 'max-bundle', iceServers });
    await this.connection.setLocalDescription(this.#offer);
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /** Send `track` on its line from now on, or nothing. */
  async replaceTrack(kind: keyof LocalTracks, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.#senders[kind];
    await sender.replaceTrack(track);
    if (kind === 'camera' && track) await rescale(sender, track);
  }

  /** The track of a slot. It is the same for the whole session, whoever is in the slot. Null if there is no such line. */
  slotTrack(mid: string): MediaStreamTrack | null {
    const line = this.connection.getTransceivers().find((t) => t.mid === mid);
    return line?.receiver.track ?? null;
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

function addSlot(connection: RTCPeerConnection, kind: 'audio' | 'video'): void {
  connection.addTransceiver(kind, { direction: 'recvonly' });
}

/** Two layers, lowest first: 320x240 and 640x480 of a 4:3 camera. */
function cameraEncodings(track: MediaStreamTrack | null): RTCRtpEncodingParameters[] {
  const scale = scaleToContract(track);
  return [
    { rid: 'l', scaleResolutionDownBy: 2 * scale, maxBitrate: CAMERA_LOW_BPS },
    { rid: 'h', scaleResolutionDownBy: scale, maxBitrate: CAMERA_HIGH_BPS },
  ];
}

function scaleToContract(track: MediaStreamTrack | null): number {
  return Math.max(1, (track?.getSettings().height ?? CAMERA_HEIGHT) / CAMERA_HEIGHT);
}

async function rescale(sender: RTCRtpSender, track: MediaStreamTrack): Promise<void> {
  const wanted = cameraEncodings(track);
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) {
    const match = wanted.find((w) => w.rid === encoding.rid);
    if (match?.scaleResolutionDownBy) encoding.scaleResolutionDownBy = match.scaleResolutionDownBy;
  }
  await sender.setParameters(parameters);
}
