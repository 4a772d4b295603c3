/**
 * Microphone, camera and screen, opened as the server's contract wants them (docs/protocol.md, section 5). A missing or
 * denied device is ordinary: every failure is a {@link DeviceError} that names the device, the problem and the remedy.
 * Tracks belong to the caller, who stops them.
 */
import { ErrorCode, IrisError } from './errors.js';
import type { TrackKind } from './peer.js';

/** Why a device could not be had. */
export type DeviceProblem = 'denied' | 'none' | 'busy' | 'insecure' | 'unsupported' | 'other';

/** A device that could not be had; `cause` is the browser's own error, where there was one. */
export class DeviceError extends IrisError {
  override readonly name = 'DeviceError';

  constructor(
    readonly device: TrackKind,
    readonly problem: DeviceProblem,
    override readonly cause?: unknown,
  ) {
    const [what, advice] = SENTENCES[problem](device, cause);
    super(ErrorCode.device, what, undefined, advice);
  }
}

/** What is wrong, and what to do. */
const SENTENCES: Record<DeviceProblem, (device: TrackKind, cause: unknown) => [string, string]> = {
  denied: (device) => [
    `access to the ${device} was denied`,
    device === 'screen'
      ? 'The person closed the chooser, or the system forbids it: offer to share again.'
      : "Allow it in the browser's settings of this site and in the system's, then ask again.",
  ],
  none: (device) => [
    `no ${device} was found`,
    'Connect one, or choose another from listDevices().',
  ],
  busy: (device) => [
    `the ${device} is in use or does not work`,
    'Close the other programs that use it, or connect it again.',
  ],
  insecure: (device) => [
    `this page may not use the ${device} because it is not secure`,
    'Serve it by https, or from localhost.',
  ],
  unsupported: (device) => [
    `this browser cannot open a ${device}`,
    'Use another browser, or do not offer it here.',
  ],
  other: (device, cause) => [
    `the ${device} could not be opened: ${String(cause)}`,
    'Ask again, or choose another from listDevices().',
  ],
};

/** The names of DOMException that `getUserMedia` and `getDisplayMedia` reject with. */
const PROBLEMS: ReadonlyMap<string, DeviceProblem> = new Map([
  ['NotAllowedError', 'denied'],
  ['SecurityError', 'denied'],
  ['NotFoundError', 'none'],
  ['OverconstrainedError', 'none'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
  ['NotSupportedError', 'unsupported'],
]);

/** Which device: its id, any (true), or none (false). */
export type DeviceChoice = string | boolean;

/** What could be had, and why the rest could not. */
export interface OpenedDevices {
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
  errors: DeviceError[];
}

/** What is connected. Without a permission, browsers give neither names nor ids. */
export interface DeviceList {
  microphones: MediaDeviceInfo[];
  cameras: MediaDeviceInfo[];
  speakers: MediaDeviceInfo[];
}

/**
 * Open a microphone.
 *
 * @param deviceId  from {@link listDevices}; the browser's choice if absent
 * @throws {@link DeviceError}
 */
export async function openMicrophone(deviceId?: string): Promise<MediaStreamTrack> {
  return openOne('microphone', { audio: microphoneConstraints(deviceId ?? true) });
}

/**
 * Open a camera, if possible with 640x480 at 30 fps: more would be scaled down anyway.
 *
 * @param deviceId  from {@link listDevices}; the browser's choice if absent
 * @throws {@link DeviceError}
 */
export async function openCamera(deviceId?: string): Promise<MediaStreamTrack> {
  return openOne('camera', { video: cameraConstraints(deviceId ?? true) });
}

/**
 * Open microphone and camera together, so that the browser asks only once; if that fails, each alone. Never rejects.
 */
export async function openDevices(
  choice: { microphone?: DeviceChoice; camera?: DeviceChoice } = {},
): Promise<OpenedDevices> {
  const { microphone = true, camera = true } = choice;
  if (microphone !== false && camera !== false) {
    try {
      const stream = await devicesFor('microphone').getUserMedia({
        audio: microphoneConstraints(microphone),
        video: cameraConstraints(camera),
      });
      const [audio = null] = stream.getAudioTracks();
      const [video = null] = stream.getVideoTracks();
      return { microphone: audio, camera: video, errors: [] };
    } catch {
      // Which of the two it was shows when each is opened alone.
    }
  }
  const errors: DeviceError[] = [];
  const note = (error: unknown) => {
    if (error instanceof DeviceError) errors.push(error);
    return null;
  };
  const open = (chosen: DeviceChoice, opener: (id?: string) => Promise<MediaStreamTrack>) =>
    chosen === false ? null : opener(chosen === true ? undefined : chosen).catch(note);
  return {
    microphone: await open(microphone, openMicrophone),
    camera: await open(camera, openCamera),
    errors,
  };
}

/**
 * Let the person choose a screen or a window, at most 1280x720 with 15 fps; sharp text counts more than motion.
 *
 * @throws {@link DeviceError}; `denied` also when the person closes the chooser
 */
export async function openScreen(): Promise<MediaStreamTrack> {
  const devices = devicesFor('screen');
  if (typeof devices.getDisplayMedia !== 'function') throw new DeviceError('screen', 'unsupported');
  const video = { width: { max: 1280 }, height: { max: 720 }, frameRate: { ideal: 15, max: 15 } };
  const track = await firstTrack('screen', () => devices.getDisplayMedia({ video, audio: false }));
  if ('contentHint' in track) track.contentHint = 'detail';
  return track;
}

/**
 * What is connected now.
 *
 * @throws {@link DeviceError}
 */
export async function listDevices(): Promise<DeviceList> {
  const all = await devicesFor('microphone').enumerateDevices();
  const ofKind = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind);
  return {
    microphones: ofKind('audioinput'),
    cameras: ofKind('videoinput'),
    speakers: ofKind('audiooutput'),
  };
}

/** Call `onChange` whenever something is connected or taken away. @returns a function that ends it */
export function onDevicesChanged(onChange: () => void): () => void {
  // On pages that are not secure nothing can be opened, so nothing changes.
  const devices: MediaDevices | undefined = globalThis.navigator?.mediaDevices;
  const listener = () => onChange();
  devices?.addEventListener('devicechange', listener);
  return () => devices?.removeEventListener('devicechange', listener);
}

function microphoneConstraints(choice: string | true): MediaTrackConstraints {
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return choice === true ? wanted : { ...wanted, deviceId: { exact: choice } };
}

function cameraConstraints(choice: string | true): MediaTrackConstraints {
  const wanted = {
    width: { ideal: 640 },
    height: { ideal: 480 },
    frameRate: { ideal: 30, max: 30 },
  };
  return choice === true ? wanted : { ...wanted, deviceId: { exact: choice } };
}

function openOne(
  device: 'microphone' | 'camera',
  constraints: MediaStreamConstraints,
): Promise<MediaStreamTrack> {
  const devices = devicesFor(device);
  return firstTrack(device, () => devices.getUserMedia(constraints));
}

async function firstTrack(
  device: TrackKind,
  open: () => Promise<MediaStream>,
): Promise<MediaStreamTrack> {
  let stream: MediaStream;
  try {
    stream = await open();
  } catch (error) {
    const name = error instanceof Error || error instanceof DOMException ? error.name : '';
    throw new DeviceError(device, PROBLEMS.get(name) ?? 'other', error);
  }
  const track = stream.getTracks()[0];
  if (!track) throw new DeviceError(device, 'none');
  return track;
}

/** Browsers hide `mediaDevices` on pages that are not secure. */
function devicesFor(device: TrackKind): MediaDevices {
  const devices: MediaDevices | undefined = globalThis.navigator?.mediaDevices;
  if (!devices) {
    throw new DeviceError(
      device,
      globalThis.isSecureContext === false ? 'insecure' : 'unsupported',
    );
  }
  return devices;
}
