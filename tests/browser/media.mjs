/**
 * What flows between a page and the server at one moment, by the browser's own statistics. {@link media} is evaluated
 * inside the page, so it may use nothing from this file but types.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {object} MediaLine
 * @property {string} kind      of the slot: audio, camera or screen
 * @property {string | null} participant  whose it is
 * @property {number} frames    decoded
 * @property {number} packets   received
 *
 * @typedef {object} Media
 * @property {number} atMs      wall clock
 * @property {string | null} id our own
 * @property {MediaLine[]} received
 * @property {number} sentFrames  of camera and screen, all layers; padding is none
 */

/** @returns {Promise<Media>} */
export async function media() {
  const client = window.iris;
  const report = client?.connection ? [...(await client.connection.getStats()).values()] : [];
  return {
    atMs: Date.now(),
    id: client?.id ?? null,
    received: (client?.slots ?? []).flatMap((slot) => {
      const line = report.find((e) => e.type === 'inbound-rtp' && e.mid === slot.mid);
      if (!line) return [];
      return [
        {
          kind: slot.kind,
          participant: slot.participant,
          frames: Number(line.framesDecoded ?? 0),
          packets: Number(line.packetsReceived ?? 0),
        },
      ];
    }),
    sentFrames: report
      .filter((entry) => entry.type === 'outbound-rtp' && entry.kind === 'video')
      .reduce((sum, entry) => sum + Number(entry.framesSent ?? 0), 0),
  };
}

/** Frames decoded of all cameras, or of all screens. @param {Media} media @param {string} [kind] */
export function frames(media, kind = 'camera') {
  return media.received
    .filter((line) => line.kind === kind)
    .reduce((sum, line) => sum + line.frames, 0);
}

/**
 * What came and went in a while.
 *
 * @param {import('./participant.mjs').Participant} who
 * @param {number} durationMs
 */
export async function flow(who, durationMs) {
  const before = await who.page.evaluate(media);
  await sleep(durationMs);
  const after = await who.page.evaluate(media);
  const packets = (/** @type {Media} */ m, /** @type {string} */ kind) =>
    m.received.filter((line) => line.kind === kind).reduce((sum, line) => sum + line.packets, 0);
  return {
    cameraFrames: frames(after) - frames(before),
    screenFrames: frames(after, 'screen') - frames(before, 'screen'),
    audioPackets: packets(after, 'audio') - packets(before, 'audio'),
    sentFrames: after.sentFrames - before.sentFrames,
  };
}

/**
 * Wait until cameras of others are decoded, or the time is up.
 *
 * @param {import('./participant.mjs').Participant} who
 * @param {string} [kind]  camera or screen
 * @param {number} [timeoutMs]
 * @returns {Promise<boolean>}
 */
export async function isSeeing(who, kind = 'camera', timeoutMs = 10_000) {
  const first = frames(await who.page.evaluate(media), kind);
  const last = await who.waitFor(media, (now) => frames(now, kind) > first, timeoutMs);
  return frames(last, kind) > first;
}
