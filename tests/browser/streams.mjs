/**
 * What a page sends and receives of video, line by line, by the browser's own statistics. {@link streams} is evaluated
 * inside the page, so it may use nothing from this file but types.
 */

/**
 * @typedef {object} ReceivedStream  a video slot that has had media
 * @property {string} mid
 * @property {string} kind           camera or screen
 * @property {string | null} participant  whose it is
 * @property {number} height         of the newest frame [pixels]
 * @property {number} frames         decoded
 * @property {number} keyFrames      decoded
 * @property {number} freezes
 * @property {number} freezeSeconds
 * @property {number} plis           sent by this receiver
 * @property {number} bufferedSeconds  that all frames together have waited in the jitter buffer
 * @property {number} bufferedFrames   that have left it
 *
 * @typedef {object} SentStream
 * @property {string} rid        empty for a line with one layer: the screen
 * @property {number} height     [pixels]
 * @property {number} frames     encoded
 * @property {number} keyFrames  encoded
 * @property {number} plis       received
 * @property {number} bytes      RTP payload
 *
 * @typedef {object} Streams
 * @property {number} atMs  wall clock
 * @property {ReceivedStream[]} received
 * @property {SentStream[]} sent
 */

/** @returns {Promise<Streams>} */
export async function streams() {
  const client = window.iris;
  const report = client?.connection ? [...(await client.connection.getStats()).values()] : [];
  const count = (/** @type {any} */ value) => Number(value ?? 0);
  return {
    atMs: Date.now(),
    received: (client?.slots ?? []).flatMap(({ mid, kind, participant }) => {
      const line = report.find((e) => e.type === 'inbound-rtp' && e.mid === mid);
      if (!line || kind === 'audio') return [];
      return [
        {
          mid,
          kind,
          participant,
          height: count(line.frameHeight),
          frames: count(line.framesDecoded),
          keyFrames: count(line.keyFramesDecoded),
          freezes: count(line.freezeCount),
          freezeSeconds: count(line.totalFreezesDuration),
          plis: count(line.pliCount),
          bufferedSeconds: count(line.jitterBufferDelay),
          bufferedFrames: count(line.jitterBufferEmittedCount),
        },
      ];
    }),
    sent: report
      .filter((entry) => entry.type === 'outbound-rtp' && entry.kind === 'video')
      .map((entry) => ({
        rid: String(entry.rid ?? ''),
        height: count(entry.frameHeight),
        frames: count(entry.framesEncoded),
        keyFrames: count(entry.keyFramesEncoded),
        plis: count(entry.pliCount),
        bytes: count(entry.bytesSent),
      })),
  };
}

/**
 * The camera slot that shows someone, or any that has had media.
 *
 * @param {Streams} now
 * @param {string | null} [participant]
 */
export function cameraOf(now, participant) {
  return now.received.find(
    (line) =>
      line.kind === 'camera' &&
      (participant === undefined ? line.frames > 0 : line.participant === participant),
  );
}

/** The layers of the camera. @param {Streams} now */
const layers = (now) => now.sent.filter(({ rid }) => rid !== '');

/** Requests for key frames of the camera that its source has had, whichever layer they named. @param {Streams} now */
export function requests(now) {
  return layers(now).reduce((sum, { plis }) => sum + plis, 0);
}

/** How often the camera's encoder made a key frame: one that is asked for is made in all layers. @param {Streams} now */
export function keyFrames(now) {
  return Math.max(0, ...layers(now).map((layer) => layer.keyFrames));
}

/** Both layers of the camera are on their way. @param {Streams} now */
export function hasBothLayers(now) {
  return layers(now).filter(({ frames }) => frames > 0).length === 2;
}
