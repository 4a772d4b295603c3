/** A moderator mutes somebody, who is told; and removes somebody, who reads why. */
import { check } from '../report.mjs';

export const title = 'moderator';
export const limitMs = 40_000;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../browsers.mjs').BrowserName} BrowserName */

const REASON = 'This meeting is for the board only';

/**
 * @param {import('../stage.mjs').Stage} stage
 * @param {Participant} moderator
 * @param {Participant} other
 * @param {string} room
 */
async function checkOneWay(stage, moderator, other, room) {
  const witness = await stage.enter('chromium', room, { name: 'Witness' });
  const id = (await other.look()).id;
  const button = (/** @type {string} */ action) =>
    `#people-list [data-participant="${id}"] [data-action="${action}"]`;
  await other.page.click('#people');
  const offered = await other.page.evaluate(
    () =>
      [
        ...document.querySelectorAll('#people-list [data-action^="mute"], [data-action="remove"]'),
      ].filter((e) => e.checkVisibility()).length,
  );
  check(
    offered === 0,
    `${other.name} is no moderator and is offered nothing`,
    `${offered} buttons`,
  );
  await other.page.click('#people');

  await moderator.page.click('#people');
  await moderator.until(({ people }) => people.some((person) => person.id === id));
  await moderator.page.click(button('mute-audio'));
  const told = await other.until(({ notes }) => notes.some((n) => /muted you/i.test(n)));
  check(
    told.notes.some((n) => /moderator.*muted you/i.test(n)),
    `${other.name} is told`,
    told.notes.join(' | '),
  );
  check(told.buttons['mic'] === 'off', 'the microphone is off', told.buttons['mic']);
  await stage.screenshot(other, 'muted');
  await stage.screenshot(moderator, 'list');
  const seen = await witness.until(
    ({ people }) =>
      people.find((person) => person.id === id)?.states.includes('Microphone off') === true,
  );
  check(
    seen.people.find((person) => person.id === id)?.states.includes('Microphone off') === true,
    'the others see it',
  );
  await other.page.click('#mic');
  const again = await moderator.until(
    ({ people }) => people.find((person) => person.id === id)?.states.length === 0,
  );
  check(
    again.people.find((person) => person.id === id)?.states.length === 0,
    `${other.name} may speak again when ready`,
  );

  await moderator.page.click(button('remove'));
  await moderator.page.click('#confirm-reason');
  await moderator.page.type(REASON);
  await stage.screenshot(moderator, 'confirm');
  await moderator.page.click('#confirm-yes');
  const { ending, view } = await other.until((look) => look.view === 'ended');
  check(view === 'ended' && ending.includes(REASON), `${other.name} reads why`, `"${ending}"`);
  await stage.screenshot(other, 'removed');
  for (const who of [moderator, witness]) {
    const { people } = await who.until((look) => look.people.every((person) => person.id !== id));
    check(
      people.length === 1 && people[0]?.id !== id,
      `${who.name} does not see ${other.name} any more`,
      people.map((person) => person.name).join(),
    );
  }
  await stage.screenshot(moderator, 'list-after');
}

/** @param {import('../stage.mjs').Stage} stage */
export async function run(stage) {
  for (const boss of /** @type {BrowserName[]} */ (['chromium', 'firefox'])) {
    const { chromium, firefox, room } = await stage.meeting({
      [boss]: { name: 'Moderator', moderator: true },
    });
    if (boss === 'chromium') await checkOneWay(stage, chromium, firefox, room);
    else await checkOneWay(stage, firefox, chromium, room);
  }
}
