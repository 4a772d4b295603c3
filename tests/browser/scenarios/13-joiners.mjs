/**
 * Who joins soon after a key frame is served from the server's cache, sees a picture at once, and plays it no later than
 * somebody who joined on a live key frame. Eight who come within a second cost the source a few key frames at most.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { check, note, percentile } from '../report.mjs';
import { enterSource } from '../source.mjs';
import { cameraOf, keyFrames, requests, streams } from '../streams.mjs';

export const title = 'joiners and the key-frame cache';
export const limitMs = 60_000;

/** A key frame older than this is not served to somebody who comes (CORE_LAYER_REPLAY_US). */
const CACHE_MS = 1_500;
/** After a live key frame; together with the join itself the key frame is 0.5 to 1.2 s old. */
const LATER_MS = 350;
/** A machine so slow that the picture comes later has asked for more than the cache holds: once more, with others. */
const LATEST_MS = 1_200;
const TRIES = 3;
const SETTLED_MS = 5_000;
const BUFFER_MS = 50;
const CROWD = 8;
const CROWD_EVERY_MS = 100;
const CROWD_REQUESTS = 3;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../stage.mjs').Stage} Stage */

/** From its `join` to the first picture [ms]; NaN: none. @param {Participant} who */
async function firstPictureMs(who) {
  const now = await who.waitFor(
    () => {
      const [join] = performance.getEntriesByName('iris:join');
      const [frame] = performance.getEntriesByName('iris:first-frame');
      return { ms: join && frame ? frame.startTime - join.startTime : null };
    },
    ({ ms }) => ms !== null,
    5_000,
  );
  return now.ms ?? NaN;
}

/** How long a frame waits in the jitter buffer, over all so far [ms]. @param {Participant} who */
async function playing(who) {
  const line = cameraOf(await who.page.evaluate(streams));
  return {
    bufferMs: (1000 * (line?.bufferedSeconds ?? NaN)) / (line?.bufferedFrames ?? NaN),
    freezes: line?.freezes ?? NaN,
    frames: line?.frames ?? NaN,
  };
}

/**
 * Two of a browser: one who comes on a live key frame, and one after it.
 *
 * @typedef {object} Pair
 * @property {import('../browsers.mjs').BrowserName} browser
 * @property {Participant} live
 * @property {Participant} late
 */

/** @param {Stage} stage @param {string} room @param {Pair['browser']} browser @returns {Promise<Pair>} */
async function invitePair(stage, room, browser) {
  const guest = (/** @type {string} */ name) =>
    stage.invite(browser, room, { name: `${browser}, ${name}`, publish: 'audio' });
  const [live, late] = await Promise.all([guest('live'), guest('late')]);
  return { browser, live, late };
}

/**
 * Both join, each in its way.
 *
 * @param {Participant} source
 * @param {Pair} pair
 * @returns {Promise<{ live: number, late: number } | null>}  their first pictures [ms]; null: the machine was too slow
 */
async function checkJoins(source, { live, late }) {
  const sent = () => source.page.evaluate(streams);
  await sleep(CACHE_MS);
  const before = await sent();
  await live.join();
  const liveMs = await firstPictureMs(live);
  const asked = await sent();
  const made = keyFrames(asked) - keyFrames(before);
  const liveFrom = performance.now();
  await sleep(LATER_MS);
  await late.join();
  const lateMs = await firstPictureMs(late);
  const laterMs = Math.round(performance.now() - liveFrom);
  if (laterMs > LATEST_MS) return null;
  check(made > 0, `${live.name}: comes on a new key frame of the source`, `${made}`);
  const served = await sent();
  const requested = requests(served) - requests(asked);
  check(
    keyFrames(served) === keyFrames(asked) && requested === 0,
    `${late.name}: is served from the cache`,
    `${requested} requests, ${laterMs} ms after the first`,
  );
  return { live: liveMs, late: lateMs };
}

/** Five seconds after their joins both play at the same distance. @param {Pair} pair */
async function checkPlaying({ browser, live, late }) {
  const [first, second] = await Promise.all(
    [live, late].map(async (who) => {
      const ms = await who.page.evaluate(() => {
        const [frame] = performance.getEntriesByName('iris:first-frame');
        return performance.now() - (frame?.startTime ?? 0);
      });
      await sleep(Math.max(0, SETTLED_MS - ms));
      return playing(who);
    }),
  );
  if (!first || !second) return;
  check(
    Math.abs(second.bufferMs - first.bufferMs) <= BUFFER_MS,
    `${browser}: after ${SETTLED_MS} ms both play within ${BUFFER_MS} ms of each other`,
    `jitter buffers ${first.bufferMs.toFixed(0)} and ${second.bufferMs.toFixed(0)} ms`,
  );
  check(
    second.freezes <= first.freezes && second.frames > 60,
    `${late.name}: no freeze that the first has not`,
    `${second.freezes} and ${first.freezes}; ${second.frames} frames`,
  );
  await Promise.all([live, late].map((who) => who.page.click('#leave')));
}

/** @param {Stage} stage @param {Participant} source @param {string} room */
async function checkCrowd(stage, source, room) {
  const people = await Promise.all(
    Array.from({ length: CROWD }, (_, i) =>
      stage.invite('chromium', room, { name: `Guest ${i}`, publish: 'audio' }),
    ),
  );
  await sleep(CACHE_MS);
  const before = await source.page.evaluate(streams);
  const times = await Promise.all(
    people.map(async (who, i) => {
      await sleep(i * CROWD_EVERY_MS);
      await who.join();
      return firstPictureMs(who);
    }),
  );
  const after = await source.page.evaluate(streams);
  const asked = requests(after) - requests(before);
  check(
    times.every((ms) => ms > 0),
    `${CROWD} who come within a second see a picture`,
    times.map((ms) => ms.toFixed(0)).join(' '),
  );
  check(
    asked >= 1 && asked <= CROWD_REQUESTS,
    `for at most ${CROWD_REQUESTS} requests to the source`,
    `${asked}`,
  );
  return times;
}

/** @param {string} what @param {number[]} times */
function printFirstPictures(what, times) {
  const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
  note(`join to first picture, ${what}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`);
}

/** @param {Stage} stage */
export async function run(stage) {
  const room = stage.newRoom();
  const { source } = await enterSource(stage, 'chromium', room, 'Source');
  const times = [];
  const settled = [];
  for (const browser of /** @type {const} */ (['chromium', 'firefox'])) {
    for (let tries = 1; ; tries++) {
      const pair = await invitePair(stage, room, browser);
      const joins = await checkJoins(source, pair);
      if (joins) {
        times.push(joins);
        settled.push(checkPlaying(pair));
        break;
      }
      if (tries === TRIES) throw new Error(`${browser} needs more than ${LATEST_MS} ms to join`);
    }
  }
  await Promise.all(settled);
  const live = times.map((pair) => pair.live);
  const late = times.map((pair) => pair.late);
  note(`join to first picture, live: ${live.map(Math.round).join(' ')} ms (Chromium, Firefox)`);
  note(`join to first picture, cache: ${late.map(Math.round).join(' ')} ms (Chromium, Firefox)`);
  const crowd = await checkCrowd(stage, source, room);
  printFirstPictures(`${CROWD} tabs within a second`, crowd);
  printFirstPictures('all (aim: p95 400 ms)', [...live, ...late, ...crowd]);
}
