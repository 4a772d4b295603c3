/** Messages to everyone and to one person, what has not been read, and who writes too fast. */
import { check } from '../report.mjs';

export const title = 'chat';
export const limitMs = 40_000;

/** @typedef {import('../participant.mjs').Participant} Participant */

/** @param {Participant} who @param {string} text */
async function write(who, text) {
  await who.page.click('#chat-input');
  await who.page.type(text);
  await who.page.press('Enter');
}

/** @param {Participant} who @param {string} text */
async function read(who, text) {
  const seen = await who.until(({ chat }) => chat.some((entry) => entry.text === text), 3_000);
  return seen.chat.find((entry) => entry.text === text);
}

/** @param {Participant} who @param {string} id */
async function address(who, id) {
  await who.page.evaluate((value) => {
    /** @type {HTMLSelectElement} */ (document.querySelector('#chat-to')).value = value;
  }, id);
}

/** Faster than anybody types: what the box holds is submitted again and again. @param {Participant} who */
async function flood(who) {
  await who.page.evaluate(async () => {
    const input = /** @type {HTMLTextAreaElement} */ (document.querySelector('#chat-input'));
    const form = /** @type {HTMLFormElement} */ (document.querySelector('#chat-form'));
    const problem = /** @type {HTMLElement} */ (document.querySelector('#chat-problem'));
    for (let i = 0; i < 60 && problem.hidden; i++) {
      input.value = `flood ${i}`;
      form.requestSubmit();
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  });
}

/**
 * @param {import('../stage.mjs').Stage} stage
 * @param {Participant} writer
 * @param {Participant} reader
 * @param {Participant} third
 */
async function checkOneWay(stage, writer, reader, third) {
  await writer.page.click('#chat');
  await write(writer, `Good morning from ${writer.name}`);
  const { unread } = await reader.until((seen) => seen.unread !== '', 3_000);
  check(unread === '1', `${reader.name} has one unread message`, unread);
  await stage.screenshot(reader, 'unread');
  await reader.page.click('#chat');
  const entry = await read(reader, `Good morning from ${writer.name}`);
  check(entry?.from === writer.name, `${reader.name} reads it`, JSON.stringify(entry));
  check((await reader.look()).unread === '', 'nothing is unread any more');
  check(
    (await read(third, `Good morning from ${writer.name}`)) !== undefined,
    `${third.name} has it, too`,
  );

  await address(writer, (await reader.look()).id ?? '');
  await write(writer, `Between us, ${reader.name}`);
  const secret = await read(reader, `Between us, ${reader.name}`);
  check(secret?.isPrivate === true, `${reader.name} gets a private one`, JSON.stringify(secret));
  const { chat } = await third.look();
  const isLeaked = chat.some(({ text }) => text.startsWith(`Between us, ${reader.name}`));
  check(!isLeaked, `${third.name} does not`, `${chat.length} messages`);
  await stage.screenshot(reader, 'private');

  await address(writer, '');
  await flood(writer);
  const seen = await writer.until(({ chatProblem }) => chatProblem !== '', 2_000);
  check(
    /[a-z]{3,}.*[.!]$/.test(seen.chatProblem),
    `${writer.name} is told to slow down`,
    `"${seen.chatProblem}"`,
  );
  await stage.screenshot(writer, 'too-fast');
  check((await writer.look()).state === 'joined', 'and stays in the room');
  for (const who of [writer, reader]) await who.page.click('#chat');
}

/** @param {import('../stage.mjs').Stage} stage */
export async function run(stage) {
  const { chromium, firefox, room } = await stage.meeting();
  const third = await stage.enter('chromium', room, { name: 'Third' });
  await checkOneWay(stage, chromium, firefox, third);
  await checkOneWay(stage, firefox, chromium, third);
}
