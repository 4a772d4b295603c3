/**
 * Tells the server every 5 s what became of the frames in the video slots (docs/protocol.md, `stats`): a packet that
 * arrived is all that the server can see, and a device that is too slow to decode is found by nothing else. Nothing is
 * told while the page is hidden, since some browsers decode nothing then, nor about a time in which it was; and nothing
 * about a slot in which less than {@link MIN_FRAMES} came, until they have come.
 */
import type { Environment } from './environment.js';
import { ErrorCode, IrisError } from './errors.js';
import type { SlotDecoding } from './protocol.js';

/** From one report to the next [ms]. The first look is a random part of it after the start, so that a room that comes
 * back after a restart does not report in one moment. */
const INTERVAL_MS = 5_000;

/**
 * A frame that is on its way through the jitter buffer has been received and not yet decoded. Up to 100 ms of video, 3
 * frames, may be so when a slot has just begun: of 25 that is less than the 15 % at which a verdict would begin.
 */
const MIN_FRAMES = 25;

/** What the browser has counted for one line since its beginning. */
interface Frames {
  received: number;
  decoded: number;
  /** Before decoding, or because they were too late to be shown. */
  dropped: number;
}

/** The lines' counts, by mid. */
type Counts = Map<string, Frames>;

/** Sends a report; rejects as the server refused. */
export type SendDecoding = (decoding: SlotDecoding[]) => Promise<unknown>;

/** The reports on one PeerConnection, from the making of this to {@link dispose}. */
export class DecodingReports {
  readonly #env: Environment;
  readonly #connection: RTCPeerConnection;
  readonly #send: SendDecoding;
  readonly #unwatch: () => void;
  #isVisible = true;
  #isEnded = false;
  /** What has been told; null: nothing yet that a difference could be made of. */
  #told: Counts | null = null;
  #callOff: () => void = () => undefined;

  constructor(env: Environment, connection: RTCPeerConnection, send: SendDecoding) {
    this.#env = env;
    this.#connection = connection;
    this.#send = send;
    this.#unwatch = env.watchVisibility((isVisible) => {
      this.#isVisible = isVisible;
      this.#told = null;
    });
    this.#plan(env.random() * INTERVAL_MS);
  }

  /** Stop reporting. */
  dispose(): void {
    this.#isEnded = true;
    this.#callOff();
    this.#unwatch();
  }

  #plan(ms: number): void {
    this.#callOff = this.#env.clock.after(ms, () => void this.#run());
  }

  /** The next look is planned after this one, however long the browser takes: two never overlap. */
  async #run(): Promise<void> {
    // The browser refuses when the connection has been closed: there is nothing to tell then.
    await this.#look().catch(() => (this.#told = null));
    if (!this.#isEnded) this.#plan(INTERVAL_MS);
  }

  async #look(): Promise<void> {
    const before = this.#told;
    if (!this.#isVisible || this.#connection.connectionState !== 'connected') {
      this.#told = null;
      return;
    }
    const now = countFrames(await this.#connection.getStats(), this.#connection);
    // It was hidden meanwhile, or the session has ended.
    if (this.#isEnded || !this.#isVisible || this.#told !== before) return;
    if (!before) {
      this.#told = now;
      return;
    }
    const decoding = difference(before, now);
    const due = new Set(decoding.map(({ mid }) => mid));
    // What is not told yet goes on counting; a line that began anew begins anew here, too.
    this.#told = new Map(
      [...now].map(([mid, frames]) => [mid, due.has(mid) ? frames : base(before.get(mid), frames)]),
    );
    if (decoding.length > 0) this.#send(decoding).catch((error: unknown) => this.#onRefused(error));
  }

  /** A report that is lost is lost; the next one tells of what came since. A server that takes none gets none. */
  #onRefused(error: unknown): void {
    const code = error instanceof IrisError ? error.code : 0;
    if (code === ErrorCode.methodNotFound || code === ErrorCode.invalidParams) this.dispose();
  }
}

/** The video lines' counts. Lines whose browser does not count all that is needed are left out. */
function countFrames(report: RTCStatsReport, connection: RTCPeerConnection): Counts {
  const mids = new Map(
    connection.getTransceivers().map(({ mid, receiver }) => [receiver.track.id, mid]),
  );
  const counts: Counts = new Map();
  // Any field may be absent, whatever the types say: browsers add them one by one.
  report.forEach((entry: Partial<RTCInboundRtpStreamStats>) => {
    if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') return;
    const mid = entry.mid ?? mids.get(entry.trackIdentifier ?? '');
    const { framesReceived: received, framesDecoded: decoded, framesDropped: dropped = 0 } = entry;
    if (mid == null || received === undefined || decoded === undefined) return;
    counts.set(mid, { received, decoded, dropped });
  });
  return counts;
}

/** Where a line's next difference begins that was not told of now. */
function base(before: Frames | undefined, now: Frames): Frames {
  return before && now.received >= before.received ? before : now;
}

/** What came since, for the lines in which enough came. */
function difference(before: Counts, now: Counts): SlotDecoding[] {
  return [...now].flatMap(([mid, frames]) => {
    const old = before.get(mid);
    const received = frames.received - (old?.received ?? frames.received);
    if (!old || received < MIN_FRAMES) return [];
    return [{ mid, frames_received: received, frames_decoded: shown(old, frames) }];
  });
}

/**
 * Frames that were decoded in time. Most browsers count as dropped also what they never decoded, so that decoded less
 * dropped would count it twice: of 100 received, 20 dropped before decoding and 10 after it, 80 were decoded and 30
 * dropped, and 70 shown.
 */
function shown(before: Frames, now: Frames): number {
  const received = now.received - before.received;
  const decoded = now.decoded - before.decoded;
  const dropped = now.dropped - before.dropped;
  return Math.max(0, Math.min(decoded, received - dropped));
}
