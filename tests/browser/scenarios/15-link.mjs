/**
 * Someone's network becomes too slow for all that there is to see, and good again: pictures and voices go on, the layers
 * follow down and up. Then it loses packets: they are repaired. A browser behind iris-link, 4 Mbps -> 800 kbps -> 4 Mbps
 * -> 3 % loss; all numbers are its own, and the link's.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { startBubbles } from '../bubbles.mjs';
import { prepareBusyPictures, sendBusyCamera } from '../busy.mjs';
import { makeCertificate } from '../certificate.mjs';
import { drawChart } from '../chart.mjs';
import { dump, watchDownlink } from '../flight.mjs';
import { hear } from '../inside.mjs';
import { LINK_ADDRESS, startLink } from '../link.mjs';
import { check, note } from '../report.mjs';
import { freeTcpPort, startServer } from '../server.mjs';
import { SCREENSHOTS } from '../settings.mjs';
import { enterSource } from '../source.mjs';

export const title = 'a link that becomes slow';
export const limitMs = 180_000;

/** When the link becomes slow, good again, and loses packets; and the end of the watch [s]. */
const [DROP_S, RISE_S, LOSS_S, END_S] = [10, 23, 34, 40];
const [GOOD_KBPS, SLOW_KBPS] = [4000, 800];
/** 20 ms there and back; a queue as home routers have one. */
const RULES = [
  '0 up rate=4000 delay=10',
  `0 down rate=${GOOD_KBPS} delay=10 queue=300`,
  `${DROP_S} down rate=${SLOW_KBPS} delay=10 queue=300`,
  `${RISE_S} down rate=${GOOD_KBPS} delay=10 queue=300`,
  `${LOSS_S} down rate=${GOOD_KBPS} delay=10 queue=300 loss=3`,
];
/** So soon after the drop no more is sent than the link carries [s]. */
const FOLLOW_S = 3;
/** What is sent may exceed the link for a moment, by a probe or a key frame. */
const EXCESS = 1.1;
/** A repair is lost as often as its packet, and asked for twice when it is late; libwebrtc goes on to ten. */
const MAX_ASKED = 2;
/** Made up where packets were missing, of all that is to be heard. */
const MAX_CONCEALED = 0.05;
const RECEIVER = 'Receiver';
const BUBBLES = 4;
/** They encode their pictures first [ms]. */
const BUBBLES_MS = 30_000;
/** See {@link prepareBusyPictures}. */
const CAMERA_AMOUNT = 3;

/** @typedef {import('../browsers.mjs').BrowserName} BrowserName */
/** @typedef {import('../reception.mjs').Reception} Reception */
/** @typedef {import('../link.mjs').Link} Link */
/** @typedef {import('../link.mjs').LinkSecond} LinkSecond */
/** @typedef {import('../stage.mjs').Stage} Stage */

/**
 * What a second brought, by the receiver.
 *
 * @typedef {object} Second
 * @property {number} atS      since the script began, its end
 * @property {number} kbps
 * @property {number[]} frames of each video slot
 * @property {number} cameraFrames
 * @property {number} lines    heights of all that moves together [pixels]
 * @property {number} voices   packets
 * @property {number} concealed  share of the samples
 */

/**
 * What a counter of every line has grown by; one that began anew counts for nothing.
 *
 * @template {{ mid: string }} T
 * @param {T[]} before
 * @param {T[]} now
 * @param {(line: T) => number} counter
 */
function growth(before, now, counter) {
  return now.map((line) => {
    const old = before.find(({ mid }) => mid === line.mid);
    return Math.max(0, counter(line) - (old ? counter(old) : 0));
  });
}

/** @param {number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** @param {number[]} values */
const mean = (values) => sum(values) / values.length;

/** @param {Reception[]} samples @returns {Second[]} */
function differences(samples) {
  return samples.slice(1).map((now, i) => {
    const before = samples[i] ?? now;
    const frames = growth(before.pictures, now.pictures, (picture) => picture.frames);
    const voice = (/** @type {'packets' | 'samples' | 'concealed'} */ key) =>
      sum(growth(before.voices, now.voices, (line) => line[key]));
    return {
      atS: (now.atMs - (samples[0]?.atMs ?? 0)) / 1000,
      kbps: (8 * (now.bytes - before.bytes)) / (now.atMs - before.atMs),
      frames,
      cameraFrames: sum(frames.filter((_, j) => now.pictures[j]?.kind === 'camera')),
      lines: sum(now.pictures.map(({ height }, j) => ((frames[j] ?? 0) > 0 ? height : 0))),
      voices: voice('packets'),
      concealed: voice('concealed') / Math.max(1, voice('samples')),
    };
  });
}

/** @template {{ atS: number }} T @param {T[]} seconds @param {number} from @param {number} to */
const between = (seconds, from, to) => seconds.filter(({ atS }) => atS > from && atS <= to + 0.5);

/** What the server sent to the link, and the link let through. @param {LinkSecond[]} seconds */
function linkRates(seconds) {
  return seconds.map(({ script_s, duration_s, down }) => ({
    atS: script_s,
    offeredKbps: (8e-3 * down.offered_bytes) / duration_s,
    deliveredKbps: (8e-3 * down.delivered_bytes) / duration_s,
    dropped: down.dropped_packets,
    queueMs: down.queue_p95_ms,
    lateMs: down.late_max_ms,
  }));
}

/**
 * @param {string} path
 * @param {Second[]} seconds
 * @param {ReturnType<typeof linkRates>} link
 * @param {({ atS: number } & import('../flight.mjs').Downlink)[]} server
 */
async function plot(path, seconds, link, server) {
  /** @type {[number, number][]} */
  const capacity = [
    [0, GOOD_KBPS],
    [DROP_S, GOOD_KBPS],
    [DROP_S, SLOW_KBPS],
    [RISE_S, SLOW_KBPS],
    [RISE_S, GOOD_KBPS],
    [END_S, GOOD_KBPS],
  ];
  /** @template T @param {T[]} list @param {(entry: T & { atS: number }) => number} of */
  const points = (list, of) =>
    list.map(
      (/** @type {any} */ entry) => /** @type {[number, number]} */ ([entry.atS, of(entry)]),
    );
  const chart = drawChart([
    {
      title: 'rate [kbps]',
      lines: [
        { name: 'the link', points: capacity },
        { name: 'sent to it', points: points(link, (second) => second.offeredKbps) },
        { name: 'received (browser)', points: points(seconds, (second) => second.kbps) },
        { name: 'estimate', points: points(server, (look) => (look.estimate_bps ?? 0) / 1000) },
        { name: 'for video', points: points(server, (look) => (look.budget_bps ?? 0) / 1000) },
      ],
    },
    {
      title: 'queue of the link, 95 % [ms]',
      lines: [{ name: 'queue', points: points(link, (second) => second.queueMs) }],
    },
    {
      title: 'heights of all moving pictures together [pixels]',
      lines: [{ name: 'lines', points: points(seconds, (second) => second.lines) }],
    },
    {
      title: 'frames decoded in a second, by slot',
      lines: (seconds[0]?.frames ?? []).map((_, i) => ({
        name: `slot ${i + 1}`,
        points: points(seconds, (second) => second.frames[i] ?? 0),
      })),
    },
  ]);
  await writeFile(`${path}.svg`, chart);
  await writeFile(`${path}.json`, `${JSON.stringify({ seconds, link, server }, null, 1)}\n`);
  note(`rates over time: ${path}.svg, .json`);
}

/** @param {Second[]} seconds */
function checkGoesOn(seconds) {
  const still = seconds.filter(({ cameraFrames }) => cameraFrames === 0);
  check(
    seconds.length >= END_S && still.length === 0,
    'a camera moves in every second',
    still.map(({ atS }) => `not at ${atS.toFixed(0)} s`).join(', ') || `${seconds.length} s`,
  );
  const silent = seconds.filter(({ voices }) => voices <= 0);
  check(
    silent.length === 0,
    'voices come in every second',
    silent.map(({ atS }) => `not at ${atS.toFixed(0)} s`).join(', '),
  );
  const slow = mean(between(seconds, DROP_S, RISE_S).map(({ concealed }) => concealed));
  const good = mean(between(seconds, 0, DROP_S).map(({ concealed }) => concealed));
  check(
    slow <= MAX_CONCEALED,
    'hardly anything of them is made up while the link is slow',
    `${(100 * slow).toFixed(2)} %, ${(100 * good).toFixed(2)} % before`,
  );
}

/** @param {Second[]} seconds @param {ReturnType<typeof linkRates>} link */
function checkFollows(seconds, link) {
  const lines = (/** @type {number} */ from, /** @type {number} */ to) =>
    Math.round(mean(between(seconds, from, to).map((second) => second.lines)));
  const [before, slow] = [lines(DROP_S - 4, DROP_S), lines(DROP_S + FOLLOW_S, RISE_S)];
  const back = between(seconds, RISE_S, LOSS_S).find((second) => second.lines >= 0.9 * before);
  const sent = between(link, DROP_S + FOLLOW_S, RISE_S);
  const sentKbps = mean(sent.map(({ offeredKbps }) => offeredKbps));
  const received = Math.max(...between(seconds, DROP_S + 2, RISE_S).map(({ kbps }) => kbps));
  const queueMs = mean(sent.map((second) => second.queueMs));
  const dropped = sum(sent.map((second) => second.dropped));
  note(
    `slow link: ${sentKbps.toFixed(0)} kbps sent to it, ${received.toFixed(0)} received in the best second, ` +
      `queue ${queueMs.toFixed(0)} ms, ${dropped} packets dropped`,
  );
  check(
    sentKbps <= EXCESS * SLOW_KBPS && received <= EXCESS * SLOW_KBPS,
    `no more is sent than it carries, ${FOLLOW_S} s after the drop`,
    `${sentKbps.toFixed(0)} kbps`,
  );
  check(slow < 0.75 * before && slow > 0, 'the layers go down', `${before} -> ${slow} lines`);
  check(
    back !== undefined,
    'and come up again',
    back
      ? `${back.lines} lines ${(back.atS - RISE_S).toFixed(0)} s after the rise`
      : `${lines(LOSS_S - 4, LOSS_S)} lines at the end`,
  );
}

/** Who takes no repairs (of SSRCs that it cannot place) asks for each ten times. @param {Reception[]} samples */
function checkRepairs(samples) {
  const [before, now] = [samples[LOSS_S], samples.at(-1)];
  if (!before || !now) throw new Error('there are no samples of the lossy link');
  const grown = (/** @type {'lost' | 'asked'} */ key) =>
    sum(growth(before.pictures, now.pictures, (picture) => picture[key]));
  const [lost, asked] = [grown('lost'), grown('asked')];
  check(lost > 10, 'then it loses packets', `${lost} of video`);
  check(asked > 0 && asked <= MAX_ASKED * lost, 'which are asked for once, and come', `${asked}`);
}

/**
 * The room that the receiver comes into.
 *
 * @param {Stage} stage
 * @param {string} url
 * @param {string} room
 */
async function enterAda(stage, url, room) {
  const { source } = await enterSource(stage, 'chromium', room, 'Ada', 3, url);
  await prepareBusyPictures(source, CAMERA_AMOUNT);
  await sendBusyCamera(source);
  // Decoding for her, too, would be too much for two cores.
  await source.page.evaluate(() => window.iris?.setLayout({ audio_only: true }));
  const { people } = await source.until((page) => page.people.length === BUBBLES, BUBBLES_MS);
  check(people.length === BUBBLES, 'all senders are in the room', `${1 + people.length}`);
  return source;
}

/**
 * Everything but the link.
 *
 * @param {Stage} stage
 * @param {Link} link
 * @param {string} path  of what is written
 */
async function watchRoom(stage, link, path) {
  const recorder = `${path}-recorder`;
  await rm(recorder, { recursive: true, force: true });
  await mkdir(recorder, { recursive: true });
  const server = await startServer(`${path}-server.log`, {
    token_key_file: stage.key,
    listen_public: `${LINK_ADDRESS}:${await freeTcpPort()}`,
    hosts: `${LINK_ADDRESS},127.0.0.1`,
    announce: LINK_ADDRESS,
    ...makeCertificate(LINK_ADDRESS),
    recorder_folder: recorder,
  });
  const [{ url }, { key }] = [server, stage];
  const [room, log] = [stage.newRoom(), `${path}-bubbles.log`];
  const bubbles = await startBubbles({ url, room, key, participants: BUBBLES, log });
  try {
    const source = await enterAda(stage, url, room);
    const token = await stage.token({ room, name: RECEIVER, publish: 'audio' });
    const screenshots = {
      [DROP_S - 2]: `${path}-1-good.png`,
      [RISE_S - 2]: `${path}-2-slow.png`,
      [LOSS_S]: `${path}-3-good.png`,
    };
    // The time of the join counts for nothing.
    link.begin();
    link.process.send({ url, room, token, screenshots });
    await hear(link.process);
    link.begin();
    const downlink = watchDownlink(server.operations, room, RECEIVER);
    link.process.send('go');
    /** @type {{ report: Reception[] }} */
    const { report } = await hear(link.process);
    const sightings = await downlink.stop();
    note(`what the server decided: ${await dump(server.operations, room)}`);
    await source.page.close();
    return { report, sightings };
  } finally {
    await bubbles.stop();
    const code = await server.stop();
    check(code === 0, 'the server ends cleanly', `exit code ${code}`);
  }
}

/** @param {Stage} stage @param {BrowserName} browser  of the one behind the link */
async function watch(stage, browser) {
  const path = `${SCREENSHOTS}/15-link-${browser}`;
  const link = startLink(RULES, `${path}-link.jsonl`, 'receiver.mjs', [browser, String(END_S)]);
  try {
    // The server needs the address, which is there once something runs behind the link.
    await hear(link.process);
    const { report, sightings } = await watchRoom(stage, link, path);
    const beganMs = report[0]?.atMs ?? 0;
    const server = sightings.map(({ atMs, ...downlink }) => ({
      atS: (atMs - beganMs) / 1000,
      ...downlink,
    }));
    return { path, report, rates: linkRates(link.seconds()), server };
  } finally {
    await link.stop();
  }
}

/** @param {Stage} stage */
export async function run(stage) {
  for (const browser of /** @type {const} */ (['chromium', 'firefox'])) {
    note(`${browser} behind the link`);
    const { path, report, rates, server } = await watch(stage, browser);
    const seconds = differences(report);
    await plot(path, seconds, rates, server);
    checkGoesOn(seconds);
    checkFollows(seconds, rates);
    checkRepairs(report);
    const lateMs = Math.max(...rates.map((second) => second.lateMs));
    note(`the emulator itself was at most ${lateMs.toFixed(1)} ms late`);
  }
}
