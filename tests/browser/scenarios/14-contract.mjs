/**
 * The contract on what is sent: honest browsers keep it and are left alone, with both layers of the camera soon after
 * the join; a page that asks its encoder for too much is told, and is seen all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareBusyPictures, prepareCutPictures, sendBusyCamera } from '../busy.mjs';
import { flow } from '../media.mjs';
import { check } from '../report.mjs';
import { BOTH_LAYERS_MS, enterSource } from '../source.mjs';
import { streams } from '../streams.mjs';

export const title = 'the contract on the uplink';
export const limitMs = 60_000;

/** How long the camera is watched alone, then with the screen. */
const ALONE_MS = 4_000;
const WATCH_MS = 8_000;
/** The busiest that honest people show: see {@link prepareCutPictures}. */
const CUT_MS = 2_000;
/** Of a screen: few a second where slides are large and the machine is busy. */
const SCREEN_FRAMES = 50;
/** What their camera sends at least: else this showed nothing [kbps]. */
const BUSY_KBPS = 200;
/** Best of so many joins: see {@link enterSource}. */
const JOINS = 5;
const CAMERA_BPS = 500_000;
const LIMIT_MS = 8_000;
/** See {@link prepareBusyPictures}. */
const GREEDY_AMOUNT = 40;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../stage.mjs').Stage} Stage */

/**
 * Most of the joins have both layers in time.
 *
 * @param {Stage} stage
 * @param {import('../browsers.mjs').BrowserName} browser
 */
async function checkBothLayers(stage, browser) {
  const room = stage.newRoom();
  const times = [];
  let inTime = 0;
  for (let i = 0; inTime <= JOINS / 2 && i - inTime <= JOINS / 2; i++) {
    const { source, hasBoth, tookMs } = await enterSource(stage, browser, room, 'Source', 1);
    times.push(hasBoth ? `${tookMs} ms` : 'not');
    if (hasBoth) inTime++;
    await source.page.click('#leave');
  }
  check(
    inTime > JOINS / 2,
    `${browser} sends both layers within ${BOTH_LAYERS_MS} ms of the join`,
    times.join(', '),
  );
}

/** Write down what the server says of the contract, from now on. @param {Participant} who */
async function watchLimits(who) {
  await who.page.evaluate(() => {
    /** @type {object[]} */
    const limits = [];
    /** @type {any} */ (window).limits = limits;
    window.iris?.on('limit', (limit) => limits.push(limit));
  });
}

/** @returns {{ kind: string, limit_bps: number, measured_bps: number }[]} */
const limitsHeard = () => /** @type {any} */ (window).limits;

/** Write down what has been sent of the camera, often, from now on. @param {Participant} who */
async function sampleCamera(who) {
  await who.page.evaluate(() => {
    /** @type {{ atMs: number, bytes: number }[]} */
    const samples = [];
    /** @type {any} */ (window).samples = samples;
    setInterval(async () => {
      const report = [...((await window.iris?.connection?.getStats())?.values() ?? [])];
      const layers = report.filter(({ type, rid }) => type === 'outbound-rtp' && rid);
      const bytes = layers.reduce((sum, { bytesSent }) => sum + Number(bytesSent), 0);
      samples.push({ atMs: performance.now(), bytes });
    }, 100);
  });
}

/** Of what {@link sampleCamera} wrote down: the mean, and the most in 2 s [kbps]. */
function cameraRates() {
  /** @type {{ atMs: number, bytes: number }[]} */
  const samples = /** @type {any} */ (window).samples;
  const kbps = (/** @type {number} */ from, /** @type {number} */ to) => {
    const [a, b] = [samples[from], samples[to]];
    return a && b && b.atMs > a.atMs ? (8 * (b.bytes - a.bytes)) / (b.atMs - a.atMs) : 0;
  };
  let most = 0;
  for (let to = 0, from = 0; to < samples.length; to++) {
    while ((samples[to]?.atMs ?? 0) - (samples[from]?.atMs ?? 0) > 2_050) from++;
    if ((samples[to]?.atMs ?? 0) - (samples[from]?.atMs ?? 0) > 1_900)
      most = Math.max(most, kbps(from, to));
  }
  return { mean: Math.round(kbps(0, samples.length - 1)), most: Math.round(most) };
}

/**
 * People who move, before something else every {@link CUT_MS}; then with slides as well, which change as often.
 *
 * @param {Participant} who
 */
async function checkHonest(who) {
  await watchLimits(who);
  await prepareCutPictures(who, CUT_MS);
  await sendBusyCamera(who);
  await sampleCamera(who);
  await sleep(ALONE_MS);
  await who.page.click('#share');
  await sleep(WATCH_MS);
  const { mean, most } = await who.page.evaluate(cameraRates);
  check(
    mean >= BUSY_KBPS,
    `${who.name}, whose picture is cut every ${CUT_MS} ms, has much to send`,
    `camera ${mean} kbps, at most ${most} in 2 s`,
  );
  const frames = (/** @type {import('../streams.mjs').Streams} */ { sent }) =>
    sent.find(({ rid }) => rid === '')?.frames ?? 0;
  const now = await who.waitFor(streams, (seen) => frames(seen) > SCREEN_FRAMES, WATCH_MS);
  check(frames(now) > SCREEN_FRAMES, 'and sends a screen', `${frames(now)} frames`);
  const limits = await who.page.evaluate(limitsHeard);
  check(limits.length === 0, 'and is not said to send too much', JSON.stringify(limits));
  const uplink = await who.page.evaluate(async () => {
    const { uplink } = /** @type {any} */ (await window.iris?.stats());
    return { bytes: Number(uplink.bytes), policed: Number(uplink.policed_bytes) };
  });
  check(
    uplink.policed === 0 && uplink.bytes > 0,
    'nothing of it is dropped',
    `${uplink.policed} of ${uplink.bytes} bytes`,
  );
}

/** Somebody's own page lets the encoder have more than the contract. @param {Participant} who */
async function sendTooMuch(who) {
  await who.page.evaluate(async () => {
    for (const sender of window.iris?.connection?.getSenders() ?? []) {
      const parameters = sender.getParameters();
      if (!parameters.encodings.some(({ rid }) => rid)) continue;
      for (const encoding of parameters.encodings) encoding.maxBitrate = 2_000_000;
      await sender.setParameters(parameters);
    }
  });
}

/** @param {Stage} stage */
async function checkGreedy(stage) {
  const room = stage.newRoom();
  const { source: who } = await enterSource(stage, 'chromium', room, 'Greedy');
  const viewer = await stage.enter('chromium', room, { name: 'Viewer', publish: 'audio' });
  await watchLimits(who);
  await prepareBusyPictures(who, GREEDY_AMOUNT);
  await sendBusyCamera(who);
  await sendTooMuch(who);
  const limits = await who.waitFor(limitsHeard, ({ length }) => length > 0, LIMIT_MS);
  const [limit] = limits;
  check(
    limit?.kind === 'camera' && limit.limit_bps === CAMERA_BPS && limit.measured_bps > CAMERA_BPS,
    `${who.name}, who sends too much, is told`,
    JSON.stringify(limit),
  );
  const seen = await who.until(({ banners }) => banners['limit'] !== undefined, 1_000);
  check(
    seen.banners['limit']?.startsWith('Your camera sends more') === true,
    'and the page gives a hint',
    seen.banners['limit'],
  );
  await stage.screenshot(who, 'limit');
  const { cameraFrames } = await flow(viewer, 2_000);
  // The base temporal layer alone is 5 frames a second.
  check(cameraFrames > 5, 'the others go on seeing', `${cameraFrames} frames in 2 s`);
}

/** @param {Stage} stage */
export async function run(stage) {
  await Promise.all([checkBothLayers(stage, 'chromium'), checkBothLayers(stage, 'firefox')]);
  // One screen is shared in a room: each has one for itself.
  const honest = await Promise.all([
    stage.enter('chromium', stage.newRoom()),
    stage.enter('firefox', stage.newRoom()),
  ]);
  await Promise.all(honest.map(checkHonest));
  await Promise.all(honest.map((who) => who.page.click('#leave')));
  await checkGreedy(stage);
}
