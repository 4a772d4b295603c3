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
/** Half a second of speech, and a key frame. */
const MOVE_MS = 2_000;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../streams.mjs').Streams} Streams */

/** @param {Participant} viewer @param {object} layout */
async function setLayout(viewer, layout) {
  await viewer.page.evaluate((wanted) => window.iris?.setLayout(wanted), layout);
}

/** @param {Participant} viewer @param {number} height @returns {Promise<boolean>} */
async function isSwitchedTo(viewer, height) {
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
  return isThere(last);
}

/** @param {Participant} source @param {Participant} viewer */
async function checkLayers(source, viewer) {
  await viewer.waitFor(streams, (now) => cameraOf(now)?.height === 480, 5_000);
  await sleep(WATCH_MS);
  const [sentBefore, before] = await Promise.all(
    [source, viewer].map((who) => who.page.evaluate(streams)),
  );
  for (const height of HEIGHTS) {
    if (!(await isSwitchedTo(viewer, height))) return;
    await sleep(WATCH_MS);
  }
  const [sentAfter, after] = await Promise.all(
    [source, viewer].map((who) => who.page.evaluate(streams)),
  );
  if (!sentBefore || !before || !sentAfter || !after) return;
  const [first, last] = [cameraOf(before), cameraOf(after)];
  const grown = (/** @type {'frames' | 'freezes' | 'plis'} */ what) =>
    (last?.[what] ?? NaN) - (first?.[what] ?? NaN);
  const encoded = (/** @type {Streams} */ now) =>
    now.sent.find(({ rid }) => rid === 'l')?.frames ?? NaN;
  const captured = encoded(sentAfter) - encoded(sentBefore);
  check(grown('freezes') === 0, 'without a freeze', `${grown('freezes')}`);
  check(
    grown('frames') > 0.8 * captured,
    'and with nearly all frames of the source',
    `${grown('frames')} of ${captured}`,
  );
  check(grown('plis') === 0, 'nothing had to be asked for', `${grown('plis')} PLIs`);
  const asked = requests(sentAfter) - requests(sentBefore);
  const made = keyFrames(sentAfter) - keyFrames(sentBefore);
  check(
    asked <= HEIGHTS.length && made <= HEIGHTS.length,
    'at most one key frame of the source for each switch',
    `${asked} requests, ${made} key frames, ${HEIGHTS.length} switches`,
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
  check(frames > 10, 'and goes on seeing', `${frames} frames in 1 s`);
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
