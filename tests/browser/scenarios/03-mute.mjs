/** Who mutes the microphone or turns the camera off is seen to have done so, and sends nothing any more. */
import { flow, isSeeing } from '../media.mjs';
import { check } from '../report.mjs';

export const title = 'mute and camera off';
export const limitMs = 40_000;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../look.mjs').Look} Look */

/**
 * @param {import('../stage.mjs').Stage} stage
 * @param {Participant} actor
 * @param {Participant} viewer
 */
async function checkBoth(stage, actor, viewer) {
  const tile = (/** @type {Look} */ seen) => seen.tiles.find(({ kind }) => kind === 'camera');
  const { audioPackets } = await flow(viewer, 600);
  check(audioPackets > 0, `${viewer.name} hears ${actor.name}`, `${audioPackets} packets in 0.6 s`);

  await actor.page.click('#mic');
  const muted = await viewer.until((seen) => tile(seen)?.isMuted === true);
  check(
    tile(muted)?.isMuted === true,
    `${viewer.name} sees that ${actor.name} is muted`,
    tile(muted)?.words,
  );
  check(
    muted.people[0]?.states.includes('Microphone off') === true,
    'the list of people says so',
    muted.people[0]?.states.join(),
  );

  await actor.page.click('#camera');
  const off = await viewer.until((seen) => tile(seen)?.note === 'Camera off');
  check(
    tile(off)?.note === 'Camera off',
    `${viewer.name} sees why there is no picture`,
    tile(off)?.words,
  );
  await stage.screenshot(viewer, 'all-off-seen');
  await stage.screenshot(actor, 'all-off');
  const silent = await flow(viewer, 1_000);
  check(silent.audioPackets === 0, 'no sound arrives', `${silent.audioPackets} packets in 1 s`);
  check(silent.cameraFrames === 0, 'no picture arrives', `${silent.cameraFrames} frames in 1 s`);
  // Firefox sends a black frame a second on a line without a track.
  const { sentFrames } = await flow(actor, 800);
  check(
    sentFrames <= 4,
    `the camera of ${actor.name} sends nothing`,
    `${sentFrames} frames in 0.8 s`,
  );
  const quiet = await viewer.until((seen) => tile(seen)?.isSpeaking === false, 1_000);
  check(tile(quiet)?.isSpeaking === false, `${actor.name} does not seem to speak any more`);

  await actor.page.click('#camera');
  await actor.page.click('#mic');
  check(await isSeeing(viewer), `${viewer.name} sees ${actor.name} again`);
  const back = await viewer.until(
    (seen) => tile(seen)?.isMuted === false && tile(seen)?.note === '',
  );
  check(
    tile(back)?.isMuted === false && tile(back)?.note === '',
    'both signs are gone',
    tile(back)?.words,
  );
  const { audioPackets: again } = await flow(viewer, 600);
  check(again > 0, `${viewer.name} hears ${actor.name} again`, `${again} packets in 0.6 s`);
}

/** @param {import('../stage.mjs').Stage} stage */
export async function run(stage) {
  const { chromium, firefox } = await stage.meeting();
  await Promise.all([isSeeing(chromium), isSeeing(firefox)]);
  await checkBoth(stage, chromium, firefox);
  await checkBoth(stage, firefox, chromium);
}
