/**
 * The operators' page against a server with simulated bubbles: what it shows is what the load generator does and what the
 * server says, what its buttons do is done, and it says so when the server is away.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBubbles } from '../bubbles.mjs';
import { go, until } from '../dashboard.mjs';
import { check } from '../report.mjs';
import { startServer } from '../server.mjs';
import { SCREENSHOTS } from '../settings.mjs';

export const title = 'the dashboard';
export const limitMs = 120_000;

/** Whom the load generator sends into which room. */
const LOAD = { alpha: 3, beta: 4, gamma: 2 };
const PEOPLE = LOAD.alpha + LOAD.beta + LOAD.gamma;
/** The second one of this room loses a third of what is sent to it, from the start. */
const TROUBLED = 'gamma';
const TROUBLE = '0 who=1 down loss=33\n';
/** Smoothed, and found twice in a row, a verdict takes some seconds [ms]. */
const VERDICT_MS = 15_000;
/** Where the flight recorders of its rooms are dumped to. */
const RECORDER = `${SCREENSHOTS}/dashboard-recorder`;
const DUMP_MS = 5_000;
/** They encode their pictures first [ms]. */
const LOAD_MS = 30_000;
/** Charts have a line then [ms]. */
const CHART_MS = 3_000;
/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../stage.mjs').Stage} Stage */
/** @typedef {import('../server.mjs').Server} Server */
/** @typedef {import('../dashboard.mjs').DashboardLook} DashboardLook */
/** @typedef {import('../../../web/dashboard/src/api.js').Room} Room */

/** @param {Server} server @param {string} path */
async function ask(server, path) {
  return (await fetch(`${server.operations}/v1/${path}`)).json();
}

/** @param {unknown} a @param {unknown} b */
const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** @param {Stage} stage @param {Server} server @param {import('../browsers.mjs').BrowserName} browser @param {'light' | 'dark'} colorScheme */
async function open(stage, server, browser, colorScheme) {
  const who = await stage.newPage(browser, `${browser}, ${colorScheme}`, { colorScheme });
  await who.page.goto(`${server.operations}/dashboard`);
  const look = await until(who, ({ state }) => state === 'empty');
  check(
    look.connection === 'live' && /No room is open/.test(look.note),
    `${who.name}: a node without rooms says so`,
    `${look.connection}, "${look.note}"`,
  );
  return who;
}

/** @param {Participant} who @param {Server} server */
async function checkRooms(who, server) {
  const wanted = Object.entries(LOAD).map(([name, n]) => `${name}: ${n}, ${n} + 1 screen`);
  const roomsOf = (/** @type {DashboardLook} */ { rooms: rows }) =>
    rows.map(([name, , people, pictures]) => `${name}: ${people}, ${pictures}`).sort();
  const look = await until(who, (seen) => isSame(roomsOf(seen), wanted), LOAD_MS);
  check(
    isSame(roomsOf(look), wanted),
    `${who.name}: the rooms are those of the load generator`,
    roomsOf(look).join('; '),
  );
  const { rooms = '', participants = '' } = look.facts;
  check(
    rooms === String(Object.keys(LOAD).length) && participants === String(PEOPLE),
    'and so are the sums',
    `${rooms} rooms, ${participants} participants`,
  );
  const { node, workers } = await ask(server, 'workers');
  await go(who, '#/node');
  const peopleOf = (/** @type {DashboardLook} */ seen) =>
    seen.workers.reduce((sum, cells) => sum + Number(cells[2]), 0);
  const view = await until(who, (seen) => peopleOf(seen) === PEOPLE);
  check(
    peopleOf(view) === PEOPLE && view.workers.length === workers.length,
    `the ${workers.length} workers have them all`,
    String(peopleOf(view)),
  );
  const wordsOf = (/** @type {string} */ line) =>
    view.charts.find((words) => words.startsWith(`${line}: `)) ?? '';
  check(
    wordsOf('On the node').startsWith(`On the node: ${PEOPLE};`) &&
      /: [\d.]+ [kM]bit\/s; .* to [\d.]+ [kM]bit\/s$/.test(wordsOf('Sent')),
    'charts say their numbers in words',
    view.charts.join(' | '),
  );
  check(view.facts['sent'] !== '0 kbit/s' && node.sent_bps > 0, 'and something is sent');
}

/** Whom each one sees, by name, from the server's own report. @param {Room} room */
function seenBy(room) {
  const names = new Map(room.participants.map(({ id, name }) => [id, name]));
  return new Map(
    room.participants.map(({ name, downlink }) => [
      name,
      downlink.slots.flatMap((slot) =>
        slot.kind === 'camera' && slot.participant ? [names.get(slot.participant) ?? ''] : [],
      ),
    ]),
  );
}

/** @param {Participant} who @param {Server} server */
async function checkRoom(who, server) {
  await go(who, '#/room/beta');
  const sendersOf = (/** @type {DashboardLook} */ { senders }, /** @type {number} */ column) =>
    senders.rows.filter(({ cells }) => cells[column] === 'sends').length;
  const look = await until(
    who,
    (seen) => sendersOf(seen, 1) === LOAD.beta && sendersOf(seen, 2) > 0,
  );
  /** @type {Room} */
  const room = await ask(server, 'rooms/beta');
  const ids = look.people.map(({ id }) => id).sort();
  check(
    isSame(ids, room.participants.map(({ id }) => id).sort()),
    `${who.name}: the people of a room are those whom the server has`,
    look.people.map(({ name }) => name).join(', '),
  );
  const [voices, cameras, screens] = [0, 1, 2].map((column) => sendersOf(look, column));
  check(
    voices === LOAD.beta && cameras === LOAD.beta && screens === 1,
    'everyone sends a voice and a camera, one a screen',
    `${voices}, ${cameras}, ${screens}`,
  );
  const wanted = seenBy(room);
  const first = look.slots.columns.indexOf('Camera 1');
  const last = look.slots.columns.lastIndexOf('Camera 4');
  const shown = look.slots.rows.map(({ name, cells }) => ({
    name,
    cameras: cells.slice(first, last + 1).filter((cell) => cell !== 'free'),
  }));
  check(
    shown.every(
      ({ name, cameras: seen }) =>
        seen.length === LOAD.beta - 1 &&
        !seen.includes(name) &&
        isSame([...seen].sort(), wanted.get(name)?.sort()),
    ),
    'everyone sees everyone else, as the server says',
    shown.map(({ name, cameras: seen }) => `${name}: ${seen.join(' ')}`).join('; '),
  );
}

/** The room in trouble stands first, and says whose network it is, with the number. @param {Participant} who @param {Server} server */
async function checkVerdict(who, server) {
  await go(who, '#/');
  const isFirst = (/** @type {DashboardLook} */ { rooms: [first] }) =>
    first?.[0] === TROUBLED && /poor/.test(first[1] ?? '');
  const look = await until(who, isFirst, VERDICT_MS);
  const shown = look.rooms.map(([name, quality]) => `${name} ${quality}`).join(', ');
  check(isFirst(look), `${who.name}: the worst room stands first`, shown);
  await go(who, `#/room/${TROUBLED}`);
  const { why } = await until(who, ({ why: words }) => words.some((one) => one !== '–'));
  /** @type {Room} */
  const { participants } = await ask(server, `rooms/${TROUBLED}`);
  const causes = participants.map(({ verdict }) => verdict?.cause);
  check(
    causes.includes('downlink') &&
      why.some((one) => /^the receiver’s network; .*: \d+ % \(limit \d+ %\)/.test(one)),
    'with the cause that the server decided, and the number',
    why.join(' | '),
  );
}

/** @param {Stage} stage @param {Participant} who @param {'light' | 'dark'} scheme */
async function picture(stage, who, scheme) {
  for (const [name, address] of [
    ['rooms', '#/'],
    ['node', '#/node'],
    ['room', '#/room/beta'],
    ['trouble', `#/room/${TROUBLED}`],
  ]) {
    await go(who, address ?? '');
    await until(who, ({ state }) => state !== 'loading');
    await sleep(CHART_MS);
    await stage.screenshot(who, `${name}-${scheme}`);
  }
}

/** @param {Participant} who @param {Participant} witness @param {Server} server */
async function checkRemoval(who, witness, server) {
  await go(who, '#/room/beta');
  const { people } = await until(who, (look) => look.people.length === LOAD.beta);
  const victim = people[1];
  if (!victim) throw new Error('nobody to remove');
  const button = `#people [data-participant="${victim.id}"] .danger-button`;
  await who.page.click(button);
  const asked = await until(who, ({ focused }) => focused === 'Cancel');
  check(asked.focused === 'Cancel', `${who.name}: a removal is asked for; Cancel has the focus`);
  await who.page.press('Enter');
  await sleep(1_500);
  const before = await until(who, () => true);
  check(before.people.length === LOAD.beta, 'Cancel removes nobody', `${before.people.length}`);
  await who.page.click(button);
  await who.page.click('#confirm-yes');
  const isGone = (/** @type {DashboardLook} */ look) =>
    look.people.every(({ id }) => id !== victim.id);
  const after = await until(who, (look) => isGone(look) && look.outcome !== '');
  check(isGone(after), `${victim.name} is gone from the page`, after.outcome);
  check(
    after.news.some((words) => words.includes(`${victim.name} was removed`)),
    'which says what happened',
    after.news[0],
  );
  const room = await ask(server, 'rooms/beta');
  check(
    room.participants.length === LOAD.beta - 1 &&
      room.participants.every((/** @type {{ id: string }} */ { id }) => id !== victim.id),
    'and from the room',
    `${room.participants.length} left`,
  );
  const people2 = String(PEOPLE - 1);
  await go(witness, '#/');
  const seen = await until(witness, ({ facts }) => facts['participants'] === people2);
  check(seen.facts['participants'] === people2, `${witness.name} sees it, too`);
}

/** @param {string} path @returns {Promise<Buffer>} of a file that is being written: empty until it is there */
async function readSoon(path) {
  for (const endMs = Date.now() + DUMP_MS; Date.now() < endMs; await sleep(100)) {
    const bytes = await readFile(path).catch(() => null);
    if (bytes) return bytes;
  }
  return Buffer.alloc(0);
}

/** By keyboard: of one participant, then once more too soon. @param {Stage} stage @param {Participant} who */
async function checkDump(stage, who) {
  await go(who, '#/room/beta');
  const { people } = await until(who, (look) => look.people.length === LOAD.beta);
  await who.page.evaluate(() => document.getElementById('dump-room')?.focus());
  await who.page.press('Enter');
  await until(who, ({ focused }) => focused === 'Cancel');
  await stage.screenshot(who, 'dump-question');
  await who.page.press('Enter');
  const refused = await until(who, () => true);
  check(refused.outcome === '', `${who.name}: Cancel dumps nothing`, refused.outcome);
  await who.page.press('Enter'); // the button has the focus again
  await until(who, ({ focused }) => focused === 'Cancel');
  await who.page.evaluate((id) => {
    const select = document.querySelector('#confirm-select');
    if (select instanceof HTMLSelectElement) select.value = id;
  }, people[0]?.id ?? '');
  await who.page.click('#confirm-yes');
  const told = await until(who, ({ outcome }) => outcome !== '');
  const [, pcapng = '', decisions = ''] =
    /(\S+\.pcapng) and (\S+\.jsonl)$/.exec(told.outcome) ?? [];
  check(pcapng.startsWith(RECORDER), 'a dump says which files', told.outcome);
  await stage.screenshot(who, 'dump');
  const [packets, lines] = await Promise.all([readSoon(pcapng), readSoon(decisions)]);
  check(
    packets.readUInt32LE(0) === 0x0a0d0d0a && packets.length > 10_000,
    'there is a pcapng file of the room',
    `${packets.length} bytes`,
  );
  const names = people.filter(({ name }) => lines.includes(`"${name}"`));
  check(names.length === LOAD.beta, 'and one of its decisions', `${names.length} of its people`);
  await who.page.click('#dump-room');
  await who.page.click('#confirm-yes');
  const late = await until(who, ({ outcome }) => /not dumped/.test(outcome));
  check(/try again in \d+ s/.test(late.outcome), 'too soon is told, and when', late.outcome);
}

/** @param {Stage} stage @param {Participant} who @param {Server} server */
async function checkEnd(stage, who, server) {
  await go(who, '#/room/alpha');
  await until(who, ({ people }) => people.length === LOAD.alpha);
  await who.page.click('#end-room');
  await stage.screenshot(who, 'confirm');
  await who.page.click('#confirm-yes');
  const look = await until(who, ({ state }) => state === 'gone');
  check(
    look.state === 'gone' && /not open/.test(look.note),
    `${who.name}: a room that was ended is no longer open`,
    `${look.outcome} ${look.note}`,
  );
  await stage.screenshot(who, 'gone');
  const { status } = await fetch(`${server.operations}/v1/rooms/alpha`);
  check(status === 404, 'on the server, too', `status ${status}`);
}

/** @param {Stage} stage @param {Participant[]} pages @param {Server} server */
async function checkAway(stage, pages, server) {
  await server.stop();
  for (const who of pages) {
    const look = await until(who, ({ offline }) => offline !== '');
    check(
      /Disconnected for .*What you see is of/.test(look.offline),
      `${who.name}: a server that is away is told, and how old the numbers are`,
      look.offline,
    );
    check(look.rooms.length === 2, 'the last numbers stay', `${look.rooms.length} rooms`);
    await stage.screenshot(who, 'disconnected');
  }
  await server.restart();
  for (const who of pages) {
    const look = await until(
      who,
      ({ connection, state }) => connection === 'live' && state === 'empty',
      20_000,
    );
    check(
      look.connection === 'live' && look.offline === '' && look.rooms.length === 0,
      `${who.name}: it comes back by itself, with the numbers of the new server`,
      `${look.connection}, ${look.state}`,
    );
  }
}

/** @param {Stage} stage @param {Participant} who @param {Server} server */
async function checkDrain(stage, who, server) {
  await go(who, '#/node');
  await who.page.click('#drain');
  await who.page.click('#confirm-yes');
  const look = await until(who, ({ drain }) => drain !== '');
  check(/no join is taken.*ends in/.test(look.drain), `${who.name}: a drain is told`, look.drain);
  await stage.screenshot(who, 'drain');
  const { draining, deadline_ms: left } = await ask(server, 'drain');
  check(draining && left > 590_000 && left <= 600_000, 'the server drains', `${left} ms left`);
}

/** @param {Stage} stage */
export async function run(stage) {
  await rm(RECORDER, { recursive: true, force: true });
  await mkdir(RECORDER, { recursive: true });
  const server = await startServer(`${SCREENSHOTS}/server-dashboard.log`, {
    token_key_file: stage.key,
    recorder_folder: RECORDER,
  });
  const light = await open(stage, server, 'chromium', 'light');
  const dark = await open(stage, server, 'chromium', 'dark');
  const firefox = await open(stage, server, 'firefox', 'light');
  const pages = [light, dark, firefox];
  await stage.screenshot(light, 'empty');
  const link = `${SCREENSHOTS}/dashboard-link.txt`;
  await writeFile(link, TROUBLE);
  const bubbles = await Promise.all(
    Object.entries(LOAD).map(([room, participants]) =>
      startBubbles({
        url: server.url,
        room,
        participants,
        key: stage.key,
        log: `${SCREENSHOTS}/dashboard-${room}.log`,
        ...(room === TROUBLED ? { link } : {}),
      }),
    ),
  );
  for (const who of [light, firefox]) {
    await checkRooms(who, server);
    await checkRoom(who, server);
    await checkVerdict(who, server);
  }
  await Promise.all([picture(stage, light, 'light'), picture(stage, dark, 'dark')]);
  await checkDump(stage, light);
  await checkRemoval(light, firefox, server);
  await checkEnd(stage, light, server);
  for (const who of pages) await go(who, '#/');
  for (const who of pages) await until(who, ({ rooms }) => rooms.length === 2);
  await checkAway(stage, pages, server);
  await Promise.all(bubbles.map((bubble) => bubble.stop()));
  await checkDrain(stage, firefox, server);
  check((await server.stop()) === 0, 'that server ends cleanly');
}
