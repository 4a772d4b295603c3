/**
 * One try to get into a room: a connection, then `resume` where there is a session, else `join` with a new
 * PeerConnection. It either hands over everything that it made, or has closed it all. It does not try twice.
 */
import type { Environment } from './environment.js';
import { ErrorCode, IrisError } from './errors.js';
import type { Token } from './options.js';
import { MediaPeer, type LocalTracks } from './peer.js';
import type { JoinParams, Json, ResumeResult } from './protocol.js';
import { RpcConnection } from './rpc.js';
import { firstLine } from './token.js';

/** Name of the performance mark set when `join` is sent, for measuring the time to the first picture. */
export const JOIN_MARK = 'iris:join';

/** What a try needs to know. */
export interface EntryPlan {
  url: string;
  /** What to resume; null to join. A session that the server does not know any more becomes a join. */
  session: string | null;
  room: string;
  name: string;
  metadata?: Json | undefined;
  token?: Token | undefined;
  /** Read when the PeerConnection is made. */
  tracks(): LocalTracks;
  /** Make the offer while the connection opens: saves time, but wastes a PeerConnection where no server answers. */
  isHasty: boolean;
}

/** What a try that worked has made. */
export interface Entered {
  rpc: RpcConnection;
  result: ResumeResult;
  /** The new PeerConnection, or null after `resume`: the old one goes on. */
  peer: MediaPeer | null;
}

/**
 * Try once to enter.
 *
 * @param signal  ends the try
 * @throws {@link IrisError}, or the signal's reason
 */
export async function enter(
  env: Environment,
  plan: EntryPlan,
  signal: AbortSignal,
): Promise<Entered> {
  const made: { rpc: RpcConnection | null; credentials: Promise<Credentials> | null } = {
    rpc: null,
    credentials: null,
  };
  const prepare = () => (made.credentials ??= makeCredentials(env, plan));
  const run = async (): Promise<Entered> => {
    // Its failure is met again where the offer is needed.
    if (plan.isHasty)
      prepare()
        .then(({ peer }) => peer.createOffer())
        .catch(() => undefined);
    const rpc = (made.rpc = await RpcConnection.open(env, plan.url, signal));
    const resumed = plan.session === null ? null : await resume(rpc, plan.session);
    if (resumed) return { rpc, result: resumed, peer: null };
    return join(rpc, await prepare(), plan);
  };
  try {
    return await unlessAborted(run(), signal);
  } catch (error) {
    made.rpc?.close();
    made.credentials?.then(({ peer }) => peer.close()).catch(() => undefined);
    throw error;
  }
}

/** What a join presents. */
interface Credentials {
  token: string | undefined;
  peer: MediaPeer;
}

async function makeCredentials(env: Environment, plan: EntryPlan): Promise<Credentials> {
  const token = typeof plan.token === 'function' ? await fetchToken(plan.token) : plan.token;
  return { token, peer: new MediaPeer(env, plan.tracks(), firstLine(token)) };
}

/** Null if the server has forgotten the session, or is too old to resume one. */
async function resume(rpc: RpcConnection, session: string): Promise<ResumeResult | null> {
  try {
    return await rpc.request('resume', { session });
  } catch (error) {
    const isUnknown =
      error instanceof IrisError &&
      (error.code === ErrorCode.notFound || error.code === ErrorCode.methodNotFound);
    if (isUnknown) return null;
    throw error;
  }
}

/** The order of docs/protocol.md, section 1: createOffer, `join`, and only then anything is applied. */
async function join(
  rpc: RpcConnection,
  { token, peer }: Credentials,
  plan: EntryPlan,
): Promise<Entered> {
  const params: JoinParams = { room: plan.room, name: plan.name, offer: await peer.createOffer() };
  if (token !== undefined) params.token = token;
  if (plan.metadata !== undefined) params.metadata = plan.metadata;
  globalThis.performance?.mark(JOIN_MARK);
  const result = await rpc.request('join', params);
  try {
    await peer.accept(result.answer, result.ice_servers ?? []);
  } catch (error) {
    throw new IrisError(
      ErrorCode.badSdp,
      `the browser refused the answer: ${String(error)}`,
      error,
    );
  }
  return { rpc, result, peer };
}

async function fetchToken(token: () => string | Promise<string>): Promise<string> {
  try {
    return await token();
  } catch (error) {
    // Most likely the same outage: worth another try.
    throw new IrisError(
      ErrorCode.connection,
      `the token function failed: ${String(error)}`,
      error,
      'Let it reject only while no token can be had; it is called again for the next try.',
    );
  }
}

/** Firefox never settles what a PeerConnection was doing when it was closed, so nobody may wait for that alone. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    const forget = () => signal.removeEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(forget);
  });
}
