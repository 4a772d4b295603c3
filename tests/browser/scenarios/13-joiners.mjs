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
const LATER_MS = 500;
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
 * @param {Stage} stage
 * @param {Participant} source
 * @param {string} room
 * @param {import('../browsers.mjs').BrowserName} browser
 * @returns {Promise<{ live: number, late: number }>}  join to first picture [ms]
 */
async function checkReplay(stage, source, room, browser) {
  const sent = () => source.page.evaluate(streams);
  const [live, late] = await Promise.all(
    ['live', 'late'].map((name) =>
      stage.invite(browser, room, { name: `${browser}, ${name}`, publish: 'audio' }),
    ),
  );
  if (!live || !late) throw new Error('nobody was invited');
  await sleep(CACHE_MS);
  const before = await sent();
  await live.join();
  const liveMs = await firstPictureMs(live);
  const asked = await sent();
  check(
    keyFrames(asked) > keyFrames(before),
    `${live.name}: the first came on a key frame of the source`,
    `${keyFrames(asked) - keyFrames(before)}`,
  );
  const liveFrom = performance.now();
  await sleep(LATER_MS);
  await late.join();
  const lateMs = await firstPictureMs(late);
  const served = await sent();
  check(
    keyFrames(served) === keyFrames(asked) && requests(served) === requests(asked),
    `${late.name}: the second was served from the cache`,
    `${requests(served) - requests(asked)} requests, ` +
      `${Math.round(performance.now() - liveFrom)} ms after the first`,
  );
  const lateFrom = performance.now();
  await sleep(SETTLED_MS - (performance.now() - liveFrom));
  const first = await playing(live);
  await sleep(SETTLED_MS - (performance.now() - lateFrom));
  const second = await playing(late);
  const apartMs = second.bufferMs - first.bufferMs;
  check(
    Math.abs(apartMs) <= BUFFER_MS,
    `${browser}: after ${SETTLED_MS} ms both play within ${BUFFER_MS} ms of each other`,
    `jitter buffers ${first.bufferMs.toFixed(0)} and ${second.bufferMs.toFixed(0)} ms`,
  );
  check(
    second.freezes <= first.freezes && second.frames > 60,
    `${late.name}: no freeze that the first has not`,
    `${second.freezes} and ${first.freezes}; ${second.frames} frames`,
  );
  return { live: liveMs, late: lateMs };
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
  const pairs = [
    await checkReplay(stage, source, room, 'chromium'),
    await checkReplay(stage, source, room, 'firefox'),
  ];
  const live = pairs.map((pair) => pair.live);
  const late = pairs.map((pair) => pair.late);
  note(`join to first picture, live: ${live.map(Math.round).join(' ')} ms (Chromium, Firefox)`);
  note(`join to first picture, cache: ${late.map(Math.round).join(' ')} ms (Chromium, Firefox)`);
  const crowd = await checkCrowd(stage, source, room);
  printFirstPictures(`${CROWD} tabs within a second`, crowd);
  printFirstPictures('all (aim: p95 400 ms)', [...live, ...late, ...crowd]);
}
