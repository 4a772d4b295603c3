/**
 * A host of the test's own with two networks: a namespace joined to this machine by two pairs of interfaces. The server
 * stays outside, on an address that is reachable over both. Needs root. It is removed with {@link TwoPaths.remove} and
 * whenever the run ends.
 */
import { execFileSync } from 'node:child_process';

/** Of the range for tests of networks (RFC 2544), so that no real route is hidden. */
const SERVER_ADDRESS = '198.18.0.1';

const PATHS = [1, 2];

/**
 * @typedef {object} TwoPaths
 * @property {string} namespace
 * @property {string} serverAddress
 * @property {() => void} remove
 */

/** @param {string} command  words without spaces */
function run(command) {
  const [program = '', ...args] = command.split(/\s+/).filter(Boolean);
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

/** For what may be gone already. @param {string} command */
function attempt(command) {
  try {
    run(command);
  } catch {
    // It is gone.
  }
}

/** The end of a path on this machine. @param {number} path */
function outsideOf(path) {
  return `iris${process.pid}-${path}`;
}

/** @returns {TwoPaths} */
export function makeTwoPaths() {
  const namespace = `iris-test-${process.pid}`;
  let isThere = false;
  const remove = () => {
    if (!isThere) return;
    isThere = false;
    process.off('exit', remove);
    // Each takes its other end along. The namespace itself lives until the last process in it has ended.
    for (const path of PATHS) attempt(`ip link del ${outsideOf(path)}`);
    attempt(`ip netns del ${namespace}`);
  };
  run(`ip netns add ${namespace}`);
  isThere = true;
  process.on('exit', remove);
  try {
    connect(namespace);
  } catch (error) {
    remove();
    throw error;
  }
  return { namespace, serverAddress: SERVER_ADDRESS, remove };
}

/** @param {string} namespace */
function connect(namespace) {
  // Without it nothing changes any more once this is done: a page that loads during a change fails in Chromium.
  run(`ip netns exec ${namespace} sysctl -qw net.ipv6.conf.all.disable_ipv6=1`);
  run(`ip -n ${namespace} link set lo up`);
  for (const path of PATHS) {
    const outside = outsideOf(path);
    run(`ip link add ${outside} type veth peer name path${path} netns ${namespace}`);
    run(`ip addr add 198.18.${path}.1/24 dev ${outside}`);
    if (path === 1) run(`ip addr add ${SERVER_ADDRESS}/32 dev ${outside}`);
    run(`ip link set ${outside} up`);
    run(`ip -n ${namespace} addr add 198.18.${path}.2/24 dev path${path}`);
    run(`ip -n ${namespace} link set path${path} up`);
    joinPath(namespace, path);
  }
}

/**
 * Let both networks lead everywhere, the first one by preference. What has an address of one of them leaves by it or not
 * at all, as providers see to (BCP 38): otherwise it would go on leaving by the other one when the first is down.
 *
 * @param {string} namespace
 * @param {number} path
 */
export function joinPath(namespace, path) {
  const way = `default via 198.18.${path}.1 dev path${path}`;
  run(`ip -n ${namespace} route replace ${way} metric ${10 * path}`);
  run(`ip -n ${namespace} route replace ${way} table ${100 + path}`);
  const from = `from 198.18.${path}.2`;
  attempt(`ip -n ${namespace} rule add priority ${10 * path} ${from} lookup ${100 + path}`);
  attempt(`ip -n ${namespace} rule add priority ${10 * path + 1} ${from} unreachable`);
}
