/**
 * @iris/client: the browser side of Iris.
 *
 * ```ts
 * const client = new IrisClient('wss://example.org/v1/ws');
 * client.on('slots', (slots) => slots.forEach((slot) => show(slot.participant, slot.track)));
 * await client.join({ room: 'lobby', name: 'Ada', camera, microphone });
 * ```
 */
export {
  IrisClient,
  JOIN_MARK,
  type ClientEvents,
  type ClientState,
  type JoinOptions,
  type SlotWithTrack,
} from './client.js';
export { ErrorCode, IrisError, type Closed, type CloseReason } from './errors.js';
export { Emitter, type Listener } from './events.js';
export type { LocalTracks } from './peer.js';
export * from './protocol.js';
