/**
 * What a page knows at one moment. {@link snapshot} is evaluated inside the page, so it may use nothing from this file
 * but types.
 */

/**
 * @typedef {object} Received  one receiving line that has had media
 * @property {string} mid
 * @property {'audio' | 'video'} kind
 * @property {number} framesDecoded
 * @property {number} audioEnergy
 * @property {number | null} freezes         null where the browser does not count them
 * @property {number | null} freezeSeconds
 *
 * @typedef {object} FirstFrame
 * @property {string} mid
 * @property {number} atMs  wall clock
 *
 * @typedef {object} Snapshot
 * @property {string | null} id
 * @property {string} state
 * @property {Received[]} received
 * @property {{ mid: string, kind: string, participant: string | null, state: string }[]} slots
 * @property {string[]} others  ids
 * @property {string | null} srtpCipher
 * @property {number} joinAtMs  when `join` was sent, wall clock
 * @property {FirstFrame[]} firstFrames
 */

/** @returns {Promise<Snapshot>} */
export async function snapshot() {
  const client = window.iris;
  if (!client) throw new Error('the page has not joined');
  const report = client.connection ? [...(await client.connection.getStats()).values()] : [];
  const inbound = report.filter((entry) => entry.type === 'inbound-rtp');
  const toWallClock = (/** @type {PerformanceEntry} */ mark) =>
    performance.timeOrigin + mark.startTime;
  const join = performance.getEntriesByName('iris:join').at(-1);
  return {
    id: client.id,
    state: client.state,
    received: inbound.map((entry) => ({
      mid: String(entry.mid),
      kind: entry.kind,
      framesDecoded: entry.framesDecoded ?? 0,
      audioEnergy: entry.totalAudioEnergy ?? 0,
      freezes: entry.freezeCount ?? null,
      freezeSeconds: entry.totalFreezesDuration ?? null,
    })),
    slots: client.slots.map(({ mid, kind, participant, state }) => ({
      mid,
      kind,
      participant,
      state,
    })),
    others: [...client.participants.keys()],
    srtpCipher: report.find((entry) => entry.type === 'transport')?.srtpCipher ?? null,
    joinAtMs: join ? toWallClock(join) : NaN,
    firstFrames: performance.getEntriesByName('iris:first-frame').map((mark) => ({
      mid: String(/** @type {PerformanceMark} */ (mark).detail),
      atMs: toWallClock(mark),
    })),
  };
}
