/** A TCP proxy between page and server that can be cut: every connection at once, and none is let in until it is mended. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const HOST = '127.0.0.1';

/**
 * @typedef {object} Proxy
 * @property {string} url  of the page, through the proxy
 * @property {() => void} cut
 * @property {() => void} mend
 * @property {() => void} close
 */

/** @param {number} port  of the server @returns {Promise<Proxy>} */
export async function startProxy(port) {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) return void client.resetAndDestroy();
    const upstream = connect(port, HOST);
    for (const [one, other] of /** @type {const} */ ([
      [client, upstream],
      [upstream, client],
    ])) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        sockets.delete(one);
      });
    }
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const destroyAll = () => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    url: `http://${HOST}:${address.port}/`,
    cut: () => {
      isCut = true;
      destroyAll();
    },
    mend: () => (isCut = false),
    close: () => {
      server.close();
      destroyAll();
    },
  };
}
