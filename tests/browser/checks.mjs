/** The claims about a room in which everyone sends, read from two snapshots of every participant and from the server. */
import { check, note, percentile } from './report.mjs';
import { MAX_GAP_MS } from './settings.mjs';

/** @typedef {import('./snapshot.mjs').Snapshot} Snapshot */

/** @typedef {{ mid: string, kind: string, max_gap_ms: number }} SlotGap */

/** One participant at the beginning and at the end of the watch.
 * @typedef {object} Watched
 * @property {string} name
 * @property {Snapshot} before
 * @property {Snapshot} after
 */

const AUDIO_SLOTS = 3;

/** Everyone else's camera is decoded, and goes on being decoded. @param {Watched} watched @param {number} others */
export function checkVideo({ name, before, after }, others) {
  const advanced = after.received
    .filter((line) => line.kind === 'video')
    .map((line) => line.framesDecoded - (find(before, line.mid)?.framesDecoded ?? 0))
    .filter((frames) => frames > 0);
  const detail = `frames ${advanced.join(' ') || 'none'}`;
  check(advanced.length === others, `${name} decodes ${others} others`, detail);
}

/** Sound arrives on as many slots as there can be. @param {Watched} watched @param {number} others */
export function checkAudio({ name, before, after }, others) {
  const wanted = Math.min(AUDIO_SLOTS, others);
  const energies = after.received
    .filter((line) => line.kind === 'audio')
    .map((line) => line.audioEnergy - (find(before, line.mid)?.audioEnergy ?? 0))
    .filter((energy) => energy > 0);
  const detail = `energy ${energies.map((e) => e.toPrecision(2)).join(' ') || 'none'}`;
  check(energies.length === wanted, `${name} hears ${wanted} others`, detail);
}

/** Chromium names a profile as RFC 7714 does, Firefox with "SRTP_" before it. @param {Watched} watched */
export function checkSrtpProfile({ name, after }) {
  const profile = after.srtpCipher?.replace(/^SRTP_/, '') ?? 'none reported';
  check(profile === 'AEAD_AES_128_GCM', `${name} negotiated AEAD_AES_128_GCM`, profile);
}

/**
 * @typedef {object} Gaps  the longest pauses that the server made, by the receiver's slots
 * @property {string} name
 * @property {number[]} gaps  [ms]; NaN: there is no report on the slot
 * @property {boolean} isGood
 */

/**
 * The server's own measurement of each slot, for every slot that carried video.
 *
 * @param {string} operations
 * @param {string} room
 * @param {Watched[]} watched
 * @returns {Promise<Gaps[]>}
 */
export async function readGaps(operations, room, watched) {
  const answer = await fetch(`${operations}/v1/rooms/${room}`);
  /** @type {{ participants?: { id: string, downlink?: { slots: SlotGap[] } }[] } | null} */
  const report = answer.ok ? /** @type {any} */ (await answer.json()) : null;
  check(report !== null, 'the server reports on the room', `status ${answer.status}`);
  return watched.map(({ name, after }) => {
    const slots = report?.participants?.find((p) => p.id === after.id)?.downlink?.slots ?? [];
    const used = after.slots.filter((s) => s.kind === 'camera' && s.participant !== null);
    const gaps = used.map((s) => slots.find((gap) => gap.mid === s.mid)?.max_gap_ms ?? NaN);
    // NaN is never <= anything and so is not good either.
    return { name, gaps, isGood: gaps.length > 0 && gaps.every((gap) => gap <= MAX_GAP_MS) };
  });
}

/** @param {Gaps[]} all */
export function checkGaps(all) {
  for (const { name, gaps, isGood } of all)
    check(isGood, `no gap above ${MAX_GAP_MS} ms sent to ${name}`, `longest ${gaps.join(' ')} ms`);
}

/** Freezes are not asserted: the browsers share two cores. @param {Watched[]} watched */
export function printFreezes(watched) {
  for (const { name, after } of watched) {
    const lines = after.received.filter((line) => line.kind === 'video' && line.framesDecoded > 0);
    const each = lines.map((line) => `${line.freezes ?? '?'} (${line.freezeSeconds ?? '?'} s)`);
    note(`freezes that ${name} reports: ${each.join(', ')}`);
  }
}

/**
 * From the later of both `join`s, the receiver's and the source's, to the first decoded frame.
 *
 * @param {Watched[]} watched
 */
export function checkFirstFrames(watched) {
  const joins = new Map(watched.map(({ after }) => [after.id, after.joinAtMs]));
  const times = watched.flatMap(({ after }) =>
    after.slots
      .filter((slot) => slot.kind === 'camera' && slot.participant !== null)
      .map((slot) => {
        const frame = after.firstFrames.find((first) => first.mid === slot.mid);
        const source = joins.get(slot.participant) ?? NaN;
        return (frame?.atMs ?? NaN) - Math.max(after.joinAtMs, source);
      }),
  );
  const isComplete = times.length > 0 && times.every((time) => time > 0);
  check(
    isComplete,
    'every camera slot showed a first frame after its join',
    `${times.length} slots`,
  );
  const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
  note(`join to first decoded frame: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (aim 400)`);
}

/** @param {Snapshot} snapshot @param {string} mid */
function find(snapshot, mid) {
  return snapshot.received.find((line) => line.mid === mid);
}
