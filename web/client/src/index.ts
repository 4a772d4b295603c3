/**
 * @iris/client: the browser side of Iris. README.md begins with an example; {@link IrisClient} is where to read on.
 */
export { IrisClient } from './client.js';
export {
  DeviceError,
  listDevices,
  onDevicesChanged,
  openCamera,
  openDevices,
  openMicrophone,
  openScreen,
  type DeviceChoice,
  type DeviceList,
  type DeviceProblem,
  type OpenedDevices,
} from './devices.js';
export { JOIN_MARK } from './entry.js';
export type { Clock, Environment } from './environment.js';
export { ErrorCode, IrisError, type Closed, type CloseReason } from './errors.js';
export { Emitter, type Listener } from './events.js';
export type { NetworkChange, WatchNetwork } from './network.js';
export type {
  ClientEvents,
  ClientOptions,
  ClientState,
  JoinOptions,
  SlotWithTrack,
  Token,
} from './options.js';
export type { MutableKind } from './own.js';
export type { TrackKind } from './peer.js';
export * from './protocol.js';
export type { WatchVisibility } from './visibility.js';
