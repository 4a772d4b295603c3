/**
 * The operations listener of a node that is not there, with the page as it was built: for tests of the page, and for whoever
 * works on it. `node web/dashboard/test/fake_server.mjs [ROOMS] [PORT]`.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeWorld } from './world.mjs';

const PAGE = new URL('../../../build/web/dashboard/', import.meta.url);
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };

/** As the real one. */
const POLICY = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'";

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Answer */

/** @param {Answer} answer @param {number} status @param {unknown} body */
function json(answer, status, body) {
  answer.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** @param {Answer} answer @param {string} sentence */
const absent = (answer, sentence) => json(answer, 404, { code: 404, message: sentence });

/** @param {string} path @param {Answer} answer */
async function sendFile(path, answer) {
  const name = path.slice('/dashboard/'.length) || 'index.html';
  const bytes = await readFile(new URL(name, PAGE)).catch(() => null);
  if (!bytes) return absent(answer, 'There is nothing at this address.');
  const type = TYPES[/** @type {keyof typeof TYPES} */ (extname(name))] ?? 'text/plain';
  answer.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': POLICY }).end(bytes);
}

/** @param {FakeWorld} world @param {Answer} answer */
function sendEvents(world, answer) {
  answer.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const listener = (/** @type {string} */ event, /** @type {object} */ data) =>
    answer.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  world.listeners.add(listener);
  answer.on('close', () => world.listeners.delete(listener));
}

/** @param {FakeWorld} world @param {import('./world.mjs').FakeRoom} room @param {Answer} answer */
function onDump(world, room, answer) {
  const files = world.dump(room);
  if (files) return json(answer, 202, files);
  json(answer, 429, { code: 429, message: 'The room’s recorder was dumped a moment ago.' });
}

/** @param {FakeWorld} world @param {string} method @param {string[]} names @param {Answer} answer */
function onRoom(world, method, [name = '', id], answer) {
  const room = world.find(name);
  if (world.isBroken)
    return json(answer, 500, { code: 500, message: 'The rooms are out of order.' });
  if (!room) return absent(answer, 'There is no such room.');
  if (method === 'GET') return json(answer, 200, world.room(room));
  if (method === 'POST') return onDump(world, room, answer);
  if (id === undefined) world.end(room);
  else if (!world.remove(room, id)) return absent(answer, 'Nobody in the room has this id.');
  answer.writeHead(204).end();
}

/** @param {FakeWorld} world @param {Request} request @param {Answer} answer */
async function onDrain(world, request, answer) {
  if (request.method === 'POST') {
    let text = '';
    for await (const piece of request) text += String(piece);
    world.startDrain(text ? JSON.parse(text).deadline_ms : 5000, Date.now());
  }
  json(answer, 200, world.drainReport(Date.now()));
}

/**
 * Serve a world; its seconds pass by themselves.
 *
 * @param {FakeWorld} world
 * @param {number} [port]  0: any that is free
 */
export async function serveFake(world, port = 0) {
  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [, , what, ...names] = pathname.split('/').map(decodeURIComponent);
    const roomNames = names.filter((_, index) => index !== 1); // the word `participants`
    if (pathname.startsWith('/dashboard/')) void sendFile(pathname, answer);
    else if (pathname === '/v1/events') sendEvents(world, answer);
    else if (pathname === '/v1/workers') json(answer, 200, world.workers());
    else if (pathname === '/v1/drain') void onDrain(world, request, answer);
    else if (what === 'rooms') onRoom(world, request.method ?? 'GET', roomNames, answer);
    else absent(answer, 'There is nothing at this address.');
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
  const clock = setInterval(() => world.step(), 1000);
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/dashboard/`,
    close: () => {
      clearInterval(clock);
      server.closeAllConnections();
      server.close();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rooms = '12', port = '8090'] = process.argv.slice(2);
  const { url } = await serveFake(new FakeWorld({ rooms: Number(rooms) }), Number(port));
  console.log(`The dashboard of ${rooms} rooms that are not there: ${url}`);
}
