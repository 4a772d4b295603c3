/**
 * The contract on what is sent: honest browsers keep it and are left alone, with both layers of the camera soon after
 * the join; a page that asks its encoder for too much is told, and is seen all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareCutPictures, sendBusyCamera } from '../busy.mjs';
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
const NAMES = { chromium: 'Chromium', firefox: 'Firefox' };
const CAMERA_BPS = 500_000;
const LIMIT_MS = 8_000;
/** Of the high layer: 160 % of the contract in all. */
const GREEDY_BPS = 650_000;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../stage.mjs').Stage} Stage */

/**
 * Most of the joins have both layers in time.
 *
 * @param {Stage} stage
 * @param {import('../browsers.mjs').BrowserName} browser
 * @returns {Promise<Participant>}  the last of them, alone in a room
 */
async function checkBothLayers(stage, browser) {
  const room = stage.newRoom();
  const times = [];
  let inTime = 0;
  for (let i = 1; ; i++) {
    const { source, hasBoth, tookMs } = await enterSource(stage, browser, room, NAMES[browser], 1);
    times.push(hasBoth ? `${tookMs} ms` : 'not');
    if (hasBoth) inTime++;
    if (inTime > JOINS / 2 || i - inTime > JOINS / 2) {
      check(
        inTime > JOINS / 2,
        `${browser} sends both layers within ${BOTH_LAYERS_MS} ms of the join`,
        times.join(', '),
      );
      return source;
    }
    await source.page.click('#leave');
  }
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

/** @typedef {{ atMs: number, bytes: { camera: number, screen: number } }} Sample  RTP payload so far */

/** Write down what has been sent, often, from now on. @param {Participant} who */
async function sampleSent(who) {
  await who.page.evaluate(() => {
    /** @type {Sample[]} */
    const samples = [];
    /** @type {any} */ (window).samples = samples;
    setInterval(async () => {
      const report = [...((await window.iris?.connection?.getStats())?.values() ?? [])];
      const video = report.filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'video');
      const bytes = { camera: 0, screen: 0 };
      for (const { rid, bytesSent } of video) bytes[rid ? 'camera' : 'screen'] += Number(bytesSent);
      samples.push({ atMs: performance.now(), bytes });
    }, 100);
  });
}

/** @returns {Sample[]} */
const samplesTaken = () => /** @type {any} */ (window).samples;

/**
 * The mean, and the most in 2 s [kbps].
 *
 * @param {Sample[]} samples
 * @param {'camera' | 'screen'} kind
 */
function sentKbps(samples, kind) {
  const sending = samples.filter(({ bytes }) => bytes[kind] > 0);
  const kbps = (/** @type {Sample} */ from, /** @type {Sample} */ to) =>
    (8 * (to.bytes[kind] - from.bytes[kind])) / Math.max(1, to.atMs - from.atMs);
  const inTwoSeconds = sending.map((to) => {
    const from = sending.find(({ atMs }) => to.atMs - atMs <= 2_050);
    return from && to.atMs - from.atMs >= 1_900 ? kbps(from, to) : 0;
  });
  const [first, last] = [sending[0], sending.at(-1)];
  return {
    mean: first && last ? Math.round(kbps(first, last)) : 0,
    most: Math.round(Math.max(0, ...inTwoSeconds)),
  };
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
  await sampleSent(who);
  await sleep(ALONE_MS);
  await who.page.click('#share');
  await sleep(WATCH_MS);
  const frames = (/** @type {import('../streams.mjs').Streams} */ { sent }) =>
    sent.find(({ rid }) => rid === '')?.frames ?? 0;
  const now = await who.waitFor(streams, (seen) => frames(seen) > SCREEN_FRAMES, WATCH_MS);
  const samples = await who.page.evaluate(samplesTaken);
  const [camera, screen] = [sentKbps(samples, 'camera'), sentKbps(samples, 'screen')];
  check(
    camera.mean >= BUSY_KBPS,
    `${who.name}, whose picture is cut every ${CUT_MS} ms, has much to send`,
    `camera ${camera.mean} kbps, at most ${camera.most} in 2 s`,
  );
  check(
    frames(now) > SCREEN_FRAMES,
    'and sends a screen',
    `${frames(now)} frames, ${screen.mean} kbps, at most ${screen.most} in 2 s`,
  );
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

/**
 * Somebody's own page does not hold the rates of the answer, nor let the server tell it one by REMB: a browser that is
 * told obeys, and is not policed.
 *
 * @param {Participant} who
 */
async function ignoreLimits(who) {
  await who.page.evaluate(() => {
    const prototype = /** @type {any} */ (RTCPeerConnection.prototype);
    const { createOffer, setRemoteDescription } = prototype;
    prototype.createOffer = async function () {
      const { type, sdp } = await createOffer.call(this);
      return { type, sdp: sdp.replaceAll(/^a=rtcp-fb:.* goog-remb\r\n/gm, '') };
    };
    prototype.setRemoteDescription = function (/** @type {RTCSessionDescriptionInit} */ answer) {
      const sdp = answer.sdp?.replaceAll(/^b=.*\r\n/gm, '');
      return setRemoteDescription.call(this, { type: answer.type, sdp });
    };
  });
}

/** It lets the encoder have more than the contract, too. @param {Participant} who */
async function sendTooMuch(who) {
  await who.page.evaluate(async (maxBitrate) => {
    for (const sender of window.iris?.connection?.getSenders() ?? []) {
      const parameters = sender.getParameters();
      const high = parameters.encodings.find(({ rid }) => rid === 'h');
      if (!high) continue;
      high.maxBitrate = maxBitrate;
      await sender.setParameters(parameters);
    }
  }, GREEDY_BPS);
}

/** @param {Stage} stage */
async function checkGreedy(stage) {
  const room = stage.newRoom();
  const who = await stage.invite('chromium', room, { name: 'Greedy' });
  await ignoreLimits(who);
  await who.join();
  const viewer = await stage.enter('chromium', room, { name: 'Viewer', publish: 'audio' });
  await watchLimits(who);
  await prepareCutPictures(who, CUT_MS);
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
  // One screen is shared in a room: each has one for itself.
  const honest = await Promise.all([
    checkBothLayers(stage, 'chromium'),
    checkBothLayers(stage, 'firefox'),
  ]);
  await Promise.all(honest.map(checkHonest));
  await Promise.all(honest.map((who) => who.page.click('#leave')));
  await checkGreedy(stage);
}
