/**
 * The operators' page for whoever cannot see, cannot use a mouse, has only a phone or a node of 500 rooms, against a node
 * that is not there (web/dashboard/test).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { serveFake } from '../../../web/dashboard/test/fake_server.mjs';
import { FakeWorld } from '../../../web/dashboard/test/world.mjs';
import { checkAxe } from '../axe.mjs';
import { go, readSmoothness, until, watchSmoothness } from '../dashboard.mjs';
import { check, note } from '../report.mjs';

export const title = 'the dashboard: axe, keyboard, phone, 500 rooms';
export const limitMs = 90_000;

const SIZES = [
  { width: 360, height: 740 },
  { width: 1920, height: 1080 },
  { width: 1280, height: 720 },
];
const ROOMS = 14;
const MANY_ROOMS = 500;
const WATCH_MS = 8_000;
/** A list of 500 rooms is filled anew every second: the longest that this may keep the page from answering [ms]. */
const LONGEST_TASK_MS = 200;
/** Rounding is allowed for. */
const MOST_SHIFT = 0.01;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../stage.mjs').Stage} Stage */

/** @param {Participant} who @param {string} what */
async function checkFit(who, what) {
  for (const { width, height } of SIZES) {
    await who.page.resize(width, height);
    await sleep(200);
    const wide = await who.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(wide <= 0, `${what}: nothing to scroll sideways at ${width} px`, `${wide} px`);
  }
}

/** @param {Stage} stage @param {string} url @param {string} room @param {'light' | 'dark'} colorScheme */
async function checkViews(stage, url, room, colorScheme) {
  const who = await stage.newPage('chromium', colorScheme, { colorScheme });
  await who.page.goto(url);
  for (const [view, address] of Object.entries({
    rooms: '#/',
    node: '#/node',
    room: `#/room/${room}`,
  })) {
    await go(who, address);
    await until(
      who,
      (look) =>
        look.view === view && look.rooms.length + look.workers.length + look.people.length > 0,
    );
    await sleep(2_500); // charts have a line then
    await checkAxe(who, `${view}, ${colorScheme}`);
    await checkFit(who, `${view}, ${colorScheme}`);
    await who.page.resize(360, 740);
    await stage.screenshot(who, `${view}-${colorScheme}-phone`);
    await who.page.resize(1280, 720);
  }
}

/** The focus stays in the list while its numbers change. @param {Participant} who */
async function checkKeyboard(who) {
  await go(who, '#/');
  await until(who, ({ view }) => view === 'rooms');
  await who.page.evaluate(() => document.getElementById('search')?.focus());
  await who.page.type('retro-1');
  const found = await until(who, ({ rooms }) => rooms.length === 1);
  check(
    found.rooms[0]?.[0] === 'retro-14',
    `${who.name}: a search finds a room`,
    found.rooms.join(),
  );
  await who.page.type('x');
  const none = await until(who, ({ state }) => state === 'unfound');
  check(/“retro-1x”/.test(none.note), 'or says that there is none', none.note);
  await who.page.press('Tab'); // the check box
  await who.page.press('Tab'); // all rooms
  await who.page.press('Enter');
  await until(who, ({ rooms }) => rooms.length === ROOMS);
  for (let i = 0; i < 40; i++) {
    await who.page.press('Tab');
    if ((await until(who, () => true)).focused === 'retro-14') break;
  }
  await sleep(6_000);
  const { focused } = await until(who, () => true);
  check(focused === 'retro-14', 'the focus stays on a room while numbers change', focused);
  await who.page.press('Enter');
  const room = await until(who, ({ people }) => people.length > 0);
  check(room.view === 'room' && room.focused === 'retro-14', 'Enter opens it', room.focused);
}

/** Of the room that is open: a question with a choice, by keyboard. @param {Participant} who */
async function checkDump(who) {
  for (let i = 0; i < 10; i++) {
    await who.page.press('Tab');
    if (/^Dump/.test((await until(who, () => true)).focused)) break;
  }
  await who.page.press('Enter');
  const asked = await until(who, ({ focused }) => focused === 'Cancel');
  check(asked.focused === 'Cancel', 'a dump is asked for; Cancel has the focus', asked.focused);
  await checkAxe(who, 'the question');
  await who.page.press('Shift+Tab');
  await who.page.press('Enter'); // Dump
  const done = await until(who, ({ outcome }) => outcome !== '');
  check(/\.pcapng and \S+\.jsonl$/.test(done.outcome), 'and its files are told', done.outcome);
  await checkAxe(who, 'the outcome');
  await who.page.click('#outcome-close');
  const closed = await until(who, ({ outcome }) => outcome === '');
  check(closed.outcome === '', 'until they are dismissed', closed.outcome);
}

/** The server answers, but not as it should. @param {Participant} who @param {FakeWorld} world */
async function checkError(who, world) {
  world.isBroken = true;
  const bad = await until(who, ({ state }) => state === 'error');
  check(
    /cannot be shown.*out of order/.test(bad.note),
    'an error is told in the words of the server',
    bad.note,
  );
  await checkAxe(who, 'the error');
  world.isBroken = false;
  const good = await until(who, ({ state }) => state === 'ready');
  check(good.people.length > 0, 'and goes when it is over', good.state);
}

/** @param {Stage} stage */
async function checkMany(stage) {
  const fake = await serveFake(new FakeWorld({ rooms: MANY_ROOMS }));
  const who = await stage.newPage('chromium', 'many rooms');
  await who.page.goto(fake.url);
  const look = await until(who, ({ rooms }) => rooms.length === MANY_ROOMS);
  check(look.rooms.length === MANY_ROOMS, `a list of ${MANY_ROOMS} rooms`, look.facts['rooms']);
  check(/poor/.test(look.rooms[0]?.[1] ?? ''), 'the worst stands first', look.rooms[0]?.join(', '));
  await sleep(1_000);
  await who.page.evaluate(watchSmoothness);
  await sleep(WATCH_MS);
  const { shift, longest, busyMs } = await who.page.evaluate(readSmoothness);
  check(longest <= LONGEST_TASK_MS, 'is filled anew without a hitch', `longest task ${longest} ms`);
  check(shift <= MOST_SHIFT, 'and nothing moves', `layout shift ${shift.toFixed(4)}`);
  note(`tasks above 50 ms: ${busyMs} ms in ${WATCH_MS / 1000} s`);
  await stage.screenshot(who, 'many');
  fake.close();
}

/** @param {Stage} stage */
export async function run(stage) {
  const world = new FakeWorld({ rooms: ROOMS });
  const fake = await serveFake(world);
  const [room] = world.rooms;
  await Promise.all([
    checkViews(stage, fake.url, room?.name ?? '', 'light'),
    checkViews(stage, fake.url, room?.name ?? '', 'dark'),
  ]);
  for (const browser of /** @type {const} */ (['chromium', 'firefox'])) {
    const who = await stage.newPage(browser, browser);
    await who.page.goto(fake.url);
    await checkKeyboard(who);
    if (browser === 'chromium') await checkDump(who);
    await checkError(who, world);
  }
  fake.close();
  await checkMany(stage);
}
