/** Who cannot see, cannot use a mouse, or has only a phone can take part; light or dark as they like. */
import { checkAxe } from '../axe.mjs';
import { isSeeing } from '../media.mjs';
import { check } from '../report.mjs';

export const title = 'axe, keyboard, phone, dark';
export const limitMs = 60_000;

const PHONE = { width: 360, height: 740 };

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../stage.mjs').Stage} Stage */

/** The id of what has the focus. */
function focused() {
  return document.activeElement?.id ?? '';
}

/** Press Tab until that element has the focus. @param {Participant} who @param {string} id */
async function tabTo(who, id) {
  for (let i = 0; i < 40; i++) {
    if ((await who.page.evaluate(focused)) === id) return true;
    await who.page.press('Tab');
  }
  return false;
}

/** @param {Participant} who  in the lobby @param {Participant} witness */
async function checkKeyboard(who, witness) {
  const { name } = who;
  check(await tabTo(who, 'join'), `${name}: Tab reaches Join`);
  await who.page.press('Enter');
  const { view } = await who.until((seen) => seen.view === 'meeting', 8_000);
  check(view === 'meeting', `${name}: Enter joins`, view);
  check(await tabTo(who, 'mic'), 'Tab reaches the microphone', await who.page.evaluate(focused));
  await who.page.press('Enter');
  const muted = await who.until(({ buttons }) => buttons['mic'] === 'off');
  check(muted.buttons['mic'] === 'off', 'Enter mutes', muted.buttons['mic']);
  await who.page.press('m');
  const loud = await who.until(({ buttons }) => buttons['mic'] === 'on');
  check(loud.buttons['mic'] === 'on', 'M unmutes', loud.buttons['mic']);
  check(await tabTo(who, 'chat'), 'Tab reaches the chat');
  await who.page.press('Enter');
  check((await who.page.evaluate(focused)) === 'chat-input', 'the focus goes into the message');
  await who.page.type(`No mouse in ${name}`);
  await who.page.press('Enter');
  const { chat } = await witness.until((seen) =>
    seen.chat.some(({ text }) => text === `No mouse in ${name}`),
  );
  check(
    chat.some(({ text }) => text === `No mouse in ${name}`),
    'the message arrives',
  );
  await who.page.press('Escape');
  check(
    (await who.page.evaluate(focused)) === 'chat',
    'Escape closes the chat and gives the focus back',
  );
  check(await tabTo(who, 'leave'), 'Tab reaches Leave');
  await who.page.press('Enter');
  const { view: end, ending } = await who.until((seen) => seen.view === 'ended');
  check(end === 'ended', 'Enter leaves', ending);
}

/** What is too wide, and which of the controls cannot be tapped. */
function fit() {
  const wide = [...document.querySelectorAll('body *')]
    .filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      return width > 0 && right > innerWidth + 1 && element.checkVisibility();
    })
    .map((element) => element.id || element.className.toString())
    .slice(0, 4);
  const view = document.body.dataset['view'];
  const wanted = view === 'meeting' ? '#controls button' : '#join, #lobby-mic, #lobby-camera';
  const covered = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(wanted)])
    // What a phone has no use for may be left out: the help is about keys.
    .filter((button) => button.checkVisibility())
    .filter((button) => {
      if (view === 'lobby') button.scrollIntoView({ block: 'center' });
      const { left, right, top, bottom } = button.getBoundingClientRect();
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return !button.contains(hit) || left < 0 || right > innerWidth || bottom > innerHeight;
    })
    .map((button) => button.id);
  const { scrollWidth } = document.documentElement;
  scrollTo(0, 0);
  return { scrollWidth, innerWidth, wide, covered };
}

/** @param {Participant} who @param {string} what */
async function checkFit(who, what) {
  const { scrollWidth, innerWidth, wide, covered } = await who.page.evaluate(fit);
  check(
    scrollWidth <= innerWidth,
    `${what}: nothing to scroll sideways at ${innerWidth} px`,
    `${scrollWidth} px${wide.length > 0 ? `, wider: ${wide.join(', ')}` : ''}`,
  );
  check(covered.length === 0, `${what}: every control can be tapped`, covered.join(', '));
}

/** @param {Stage} stage @param {string} room */
async function checkPhone(stage, room) {
  for (const browser of /** @type {const} */ (['chromium', 'firefox'])) {
    const who = await stage.invite(browser, room, { name: `Phone ${browser}` });
    await who.page.resize(PHONE.width, PHONE.height);
    await checkFit(who, `${browser}, lobby`);
    await stage.screenshot(who, 'phone-lobby');
    await who.join();
    await isSeeing(who);
    await checkFit(who, `${browser}, meeting`);
    await stage.screenshot(who, 'phone-meeting');
    for (const panel of ['chat', 'people']) {
      await who.page.click(`#${panel}`);
      await checkFit(who, `${browser}, ${panel}`);
      await stage.screenshot(who, `phone-${panel}`);
      await who.page.press('Escape');
    }
  }
}

/** @param {Stage} stage @param {Participant} who @param {string} scheme */
async function checkDialogs(stage, who, scheme) {
  for (const dialog of ['settings', 'help']) {
    await who.page.click(`#${dialog}`);
    await checkAxe(who, `the ${scheme} dialog ${dialog}`);
    await stage.screenshot(who, `${scheme}-${dialog}`);
    await who.page.press('Escape');
  }
}

/** @param {Stage} stage @param {string} room @param {Participant} other */
async function checkDark(stage, room, other) {
  const options = { name: 'Dark', moderator: true };
  const who = await stage.invite('chromium', room, { ...options, page: { colorScheme: 'dark' } });
  await checkAxe(who, 'the dark lobby');
  await stage.screenshot(who, 'dark-lobby');
  await who.join();
  await isSeeing(who);
  await who.page.click('#people');
  await checkAxe(who, 'the dark meeting with the list of people');
  await stage.screenshot(who, 'dark-people');
  await who.page.click('#chat');
  await other.page.run(
    'void window.iris.sendMessage({ text: "See https://example.org/ in the dark" })',
  );
  await who.until(({ chat }) => chat.length > 0);
  await checkAxe(who, 'the dark chat');
  await stage.screenshot(who, 'dark-chat');
  await checkDialogs(stage, who, 'dark');
  await who.page.click('#leave');
  await who.until(({ view }) => view === 'ended');
  await checkAxe(who, 'the dark last page');
}

/** @param {Stage} stage */
export async function run(stage) {
  const room = stage.newRoom();
  const witness = await stage.enter('chromium', room, { name: 'Witness', moderator: true });
  for (const browser of /** @type {const} */ (['chromium', 'firefox'])) {
    const who = await stage.invite(browser, room, { name: `Keys ${browser}` });
    await checkAxe(who, 'the lobby');
    await stage.screenshot(who, 'light-lobby');
    await checkKeyboard(who, witness);
    await checkAxe(who, 'the last page');
    await stage.screenshot(who, 'light-ended');
  }
  const firefox = await stage.enter('firefox', room);
  await Promise.all([isSeeing(witness), isSeeing(firefox)]);
  await checkAxe(firefox, 'the meeting');
  await checkAxe(witness, 'the meeting');
  await stage.screenshot(witness, 'light-meeting');
  for (const panel of ['people', 'chat']) {
    await witness.page.click(`#${panel}`);
    await checkAxe(witness, `the meeting with ${panel}`);
    await stage.screenshot(witness, `light-${panel}`);
  }
  await checkDialogs(stage, witness, 'light');
  await checkDark(stage, room, firefox);
  await checkPhone(stage, room);
}
