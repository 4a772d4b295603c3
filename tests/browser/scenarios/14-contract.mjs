/**
 * The contract on what is sent: honest browsers keep it and are left alone, with both layers of the camera soon after
 * the join; a page that asks its encoder for too much is told, and is seen all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareBusyPictures, sendBusyCamera } from '../busy.mjs';
import { flow } from '../media.mjs';
import { check, note } from '../report.mjs';
import { BOTH_LAYERS_MS, enterSource } from '../source.mjs';
import { streams } from '../streams.mjs';

export const title = 'the contract on the uplink';
export const limitMs = 60_000;

const WATCH_MS = 10_000;
/** Best of so many joins: see {@link enterSource}. */
const JOINS = 5;
const CAMERA_BPS = 500_000;
const LIMIT_MS = 8_000;
/** See {@link prepareBusyPictures}. */
const HONEST_AMOUNT = 3;
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

/** What was sent meanwhile, as a sentence. @param {Participant} who @param {import('../streams.mjs').Streams} before */
async function rates(who, before) {
  const now = await who.page.evaluate(streams);
  return now.sent
    .map((layer) => {
      const bytes = layer.bytes - (before.sent.find(({ rid }) => rid === layer.rid)?.bytes ?? 0);
      const kbps = Math.round((8 * bytes) / (now.atMs - before.atMs));
      return `${layer.rid || 'screen'} ${kbps} kbps`;
    })
    .join(', ');
}

/** The fake camera, and a screen on which something moves. @param {Participant} who */
async function checkHonest(who) {
  await watchLimits(who);
  await prepareBusyPictures(who, HONEST_AMOUNT);
  await who.page.click('#share');
  const before = await who.page.evaluate(streams);
  await sleep(WATCH_MS);
  note(`${who.name} sent ${await rates(who, before)}`);
  const { sent } = await who.page.evaluate(streams);
  const screen = sent.find(({ rid }) => rid === '');
  check((screen?.frames ?? 0) > 50, `${who.name} sends camera and screen`, `${screen?.frames}`);
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
