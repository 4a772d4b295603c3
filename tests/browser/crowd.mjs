/**
 * The real client library in Node, without media: sockets that write down what becomes of them, and PeerConnections that
 * offer a recorded offer and say that they are connected. For tests of many clients at once.
 */
import { build } from 'esbuild';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';

const root = fileURLToPath(new URL('../..', import.meta.url));
const OFFER = readFileSync(join(root, 'tests/fixtures/sdp/chromium-offer.sdp'), 'utf8');

/** @returns {Promise<typeof import('@iris/client')>}  the library as it stands in web/client/src */
export async function loadClientLibrary() {
  const outfile = join(tmpdir(), `client-${randomBytes(4).toString('hex')}.mjs`);
  const entry = process.env['IRIS_CLIENT'] ?? join(root, 'web/client/src/index.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', target: 'node18' });
  return import(pathToFileURL(outfile).href);
}

/**
 * What all clients did together, on one clock [ms].
 *
 * @typedef {object} Journal
 * @property {{ atMs: number, failure: string | null }[]} attempts  connections; the failure is the reason of a refusal
 * @property {number[]} joins  when a `join` was sent
 * @property {{ atMs: number, code: number }[]} refusals  answers 429 and 503
 */

/** @returns {Journal} */
export function newJournal() {
  return { attempts: [], joins: [], refusals: [] };
}

/**
 * The class to hand to a client as its WebSocket.
 *
 * @param {Journal} journal
 * @returns {any}
 */
export function journaledSocket(journal) {
  return class extends WebSocket {
    /** @param {string} url @param {string} protocol */
    constructor(url, protocol) {
      super(url, protocol, { perMessageDeflate: false });
      /** @type {Journal['attempts'][number]} */
      const attempt = { atMs: performance.now(), failure: null };
      journal.attempts.push(attempt);
      this.on('error', (error) => (attempt.failure ??= error.message || String(error)));
      this.on('message', (data) => {
        const text = String(data);
        if (!text.includes('"error"')) return;
        const code = JSON.parse(text).error?.code;
        if (code === 429 || code === 503) {
          journal.refusals.push({ atMs: performance.now(), code });
        }
      });
    }

    /** @override @param {any} text @param {any[]} rest @returns {void} */
    send(text, ...rest) {
      if (String(text).includes('"method":"join"')) journal.joins.push(performance.now());
      return Reflect.apply(super.send, this, [text, ...rest]);
    }
  };
}

/** A PeerConnection as far as the library uses one. To be handed to a client as its RTCPeerConnection. */
export class RecordedPeerConnection extends EventTarget {
  connectionState = 'new';
  iceConnectionState = 'new';
  /** @type {{ mid: string | null, sender: object, receiver: object }[]} */
  #lines = [];

  /** @param {string | { kind: string }} trackOrKind */
  addTransceiver(trackOrKind) {
    const kind = typeof trackOrKind === 'string' ? trackOrKind : trackOrKind.kind;
    const line = {
      mid: String(this.#lines.length),
      sender: {
        replaceTrack: async () => {},
        getParameters: () => ({ encodings: [] }),
        setParameters: async () => {},
      },
      receiver: { track: { kind, readyState: 'live', addEventListener() {} } },
    };
    this.#lines.push(line);
    return line;
  }

  getTransceivers() {
    return this.#lines;
  }

  async createOffer() {
    return { type: 'offer', sdp: OFFER };
  }

  setConfiguration() {}

  async setLocalDescription() {}

  async setRemoteDescription() {
    this.connectionState = this.iceConnectionState = 'connected';
    queueMicrotask(() => this.dispatchEvent(new Event('connectionstatechange')));
  }

  close() {
    this.connectionState = 'closed';
  }
}
