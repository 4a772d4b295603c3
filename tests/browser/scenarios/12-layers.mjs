/**
 * What is shown changes without a freeze: the layer, by the receiver's `layout`, and the person, by who speaks. All
 * numbers are the browser's own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { check, note } from '../report.mjs';
import { enterSource } from '../source.mjs';
import { cameraOf, keyFrames, requests, streams } from '../streams.mjs';
import { cough, giveVoice, hush, speak } from '../voices.mjs';

export const title = 'layers and speakers';
export const limitMs = 40_000;

const HEIGHTS = [240, 480, 240, 480];
/** A switch is given up after 2 s. */
const SWITCH_MS = 2_000;
/** How long each layer is watched [ms]. */
const WATCH_MS = 1_200;
/** Two cores are shared with whatever else runs: a picture that always freezes does so in every round. */
const ROUNDS = 3;
/** Half a second of speech, and a key frame. */
const MOVE_MS = 2_000;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../streams.mjs').Streams} Streams */

/** @param {Participant} viewer @param {object} layout */
async function setLayout(viewer, layout) {
  await viewer.page.evaluate((wanted) => window.iris?.setLayout(wanted), layout);
}

/** @param {Participant} viewer @param {number} height */
async function checkSwitch(viewer, height) {
  const began = performance.now();
  await setLayout(viewer, { max_height: height });
  const isThere = (/** @type {Streams} */ now) => cameraOf(now)?.height === height;
  const last = await viewer.waitFor(streams, isThere, SWITCH_MS);
  const tookMs = Math.round(performance.now() - began);
  check(
    isThere(last),
    `${viewer.name} gets ${height} lines`,
    `${cameraOf(last)?.height} after ${tookMs} ms`,
  );
}

/**
 * Down and up and down and up again.
 *
 * @param {Participant} source
 * @param {Participant} viewer
 * @returns what came of it, in numbers that grow by themselves
 */
async function watchSwitches(source, viewer) {
  const look = () => Promise.all([source.page.evaluate(streams), viewer.page.evaluate(streams)]);
  const [sentBefore, before] = await look();
  for (const height of HEIGHTS) {
    await checkSwitch(viewer, height);
    await sleep(WATCH_MS);
  }
  const [sent, after] = await look();
  const encoded = (/** @type {Streams} */ now) =>
    now.sent.find(({ rid }) => rid === 'l')?.frames ?? NaN;
  const grown = (/** @type {'frames' | 'freezes' | 'plis'} */ what) =>
    (cameraOf(after)?.[what] ?? NaN) - (cameraOf(before)?.[what] ?? NaN);
  return {
    freezes: grown('freezes'),
    frames: grown('frames'),
    plis: grown('plis'),
    captured: encoded(sent) - encoded(sentBefore),
    asked: requests(sent) - requests(sentBefore),
    made: keyFrames(sent) - keyFrames(sentBefore),
  };
}

/** @param {Participant} source @param {Participant} viewer */
async function checkLayers(source, viewer) {
  await viewer.waitFor(streams, (now) => cameraOf(now)?.height === 480, 5_000);
  await sleep(WATCH_MS);
  let seen = await watchSwitches(source, viewer);
  for (let round = 1; seen.freezes > 0 && round < ROUNDS; round++) {
    note(`${seen.freezes} freezes; the machine may have stood still, so once more`);
    seen = await watchSwitches(source, viewer);
  }
  check(seen.freezes === 0, 'without a freeze', `${seen.freezes}`);
  check(
    seen.frames > 0.8 * seen.captured,
    'and with nearly all frames of the source',
    `${seen.frames} of ${seen.captured}`,
  );
  check(seen.plis === 0, 'nothing had to be asked for', `${seen.plis} PLIs`);
  check(
    seen.asked <= HEIGHTS.length && seen.made <= HEIGHTS.length,
    'at most one key frame of the source for each switch',
    `${seen.asked} requests, ${seen.made} key frames, ${HEIGHTS.length} switches`,
  );
}

/** Someone speaks, and is seen. @param {Participant} viewer @param {Participant} speaker */
async function checkMove(viewer, speaker) {
  const { id } = await speaker.look();
  const before = cameraOf(await viewer.page.evaluate(streams));
  const began = performance.now();
  await speak(speaker);
  const isThere = (/** @type {Streams} */ now) => {
    const line = cameraOf(now, id);
    return line !== undefined && line.keyFrames > (before?.keyFrames ?? 0);
  };
  const moved = await viewer.waitFor(streams, isThere, MOVE_MS);
  const tookMs = Math.round(performance.now() - began);
  check(isThere(moved), `${viewer.name} sees ${speaker.name}, who speaks`, `after ${tookMs} ms`);
  await sleep(1_000);
  const after = cameraOf(await viewer.page.evaluate(streams), id);
  const frames = (after?.frames ?? 0) - (cameraOf(moved, id)?.frames ?? 0);
  // Of 20 pictures a second 10 are left while the upper temporal layer waits for bandwidth, as it may on busy cores.
  check(frames > 7, 'and goes on seeing', `${frames} frames in 1 s`);
  const froze = (after?.freezes ?? NaN) - (before?.freezes ?? NaN);
  note(`freezes that ${viewer.name} reports meanwhile: ${froze}`);
}

/** @param {import('../stage.mjs').Stage} stage */
export async function run(stage) {
  const room = stage.newRoom();
  const { source } = await enterSource(stage, 'chromium', room, 'Ada');
  const viewer = await stage.enter('chromium', room, { name: 'Viewer', publish: 'audio' });
  await checkLayers(source, viewer);

  const other = await stage.enter('chromium', room, { name: 'Bob' });
  await Promise.all([giveVoice(source), giveVoice(other)]);
  await setLayout(viewer, { max_cameras: 1 });
  // Ada came first and is shown.
  await checkMove(viewer, other);
  await cough(source);
  await sleep(800);
  const { id } = await other.look();
  check(
    cameraOf(await viewer.page.evaluate(streams), id) !== undefined,
    `a cough of ${source.name} changes nothing`,
  );
  await hush(other);
  await checkMove(viewer, source);
}
