/**
 * Writes down inside a page when pictures came, and finds out when they did not. {@link startSampler} is evaluated in the
 * page, so it may use nothing from this file but types.
 */

/** @typedef {[atMs: number, frames: number]} Sample  wall clock; all cameras of others together */

/** Write down every increase of the decoded frames from now on, into `window.samples`. */
export function startSampler() {
  /** @type {Sample[]} */
  const samples = [];
  /** @type {any} */ (window).samples = samples;
  let isAsking = false;
  setInterval(async () => {
    const client = window.iris;
    if (isAsking || !client?.connection) return;
    isAsking = true;
    const report = [...(await client.connection.getStats()).values()];
    const mids = client.slots.filter((slot) => slot.kind === 'camera').map((slot) => slot.mid);
    const frames = report
      .filter((entry) => entry.type === 'inbound-rtp' && mids.includes(entry.mid))
      .reduce((sum, entry) => sum + Number(entry.framesDecoded ?? 0), 0);
    if (frames !== samples.at(-1)?.[1]) samples.push([Date.now(), frames]);
    isAsking = false;
  }, 50);
}

/** What the sampler has written. @returns {Sample[]} */
export function readSamples() {
  return /** @type {any} */ (window).samples;
}

/**
 * The longest time without a new picture after a moment.
 *
 * @param {Sample[]} samples
 * @param {number} sinceMs  the moment
 * @param {number} untilMs  until when was watched
 * @returns {{ pauseMs: number, backMs: number, framesAfter: number }}  its length, when it ended [ms after the moment],
 *          and what came since
 */
export function longestPause(samples, sinceMs, untilMs) {
  const times = [
    sinceMs,
    ...samples.map(([atMs]) => atMs).filter((atMs) => atMs > sinceMs && atMs < untilMs),
    untilMs,
  ];
  let [pauseMs, endMs] = [0, sinceMs];
  times.forEach((time, i) => {
    const pause = time - (times[i - 1] ?? time);
    if (pause > pauseMs) [pauseMs, endMs] = [pause, time];
  });
  const last = samples.at(-1)?.[1] ?? 0;
  const atEnd = samples.find(([atMs]) => atMs >= endMs)?.[1] ?? last;
  return { pauseMs, backMs: endMs - sinceMs, framesAfter: last - atEnd };
}
