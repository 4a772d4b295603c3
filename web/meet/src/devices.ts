/** Camera, microphone and screen. A missing or denied device is ordinary: it becomes null and a sentence. */
import { deviceSentence } from './sentences.js';

/** What could be had, and a sentence for each that could not. */
export interface Devices {
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
  problems: string[];
}

const AUDIO: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

/** The contract: 480 lines, 500 kbps. */
const VIDEO: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 30, max: 30 },
};

/** The contract: 720 lines, 800 kbps; sharp text matters more than motion. */
const SCREEN: MediaTrackConstraints = {
  width: { max: 1280 },
  height: { max: 720 },
  frameRate: { max: 15 },
};

/** Ask for both at once, so that the browser asks once; where that fails, for each alone. */
export async function openDevices(): Promise<Devices> {
  try {
    const stream = await media().getUserMedia({ audio: AUDIO, video: VIDEO });
    return {
      microphone: stream.getAudioTracks()[0] ?? null,
      camera: stream.getVideoTracks()[0] ?? null,
      problems: [],
    };
  } catch {
    const problems: string[] = [];
    const note = (what: string) => (error: unknown) => {
      problems.push(deviceSentence(what, error));
      return null;
    };
    const microphone = await openMicrophone().catch(note('Microphone'));
    const camera = await openCamera().catch(note('Camera'));
    return { microphone, camera, problems };
  }
}

/** The microphone alone. Rejects as getUserMedia does. */
export async function openMicrophone(): Promise<MediaStreamTrack | null> {
  const stream = await media().getUserMedia({ audio: AUDIO });
  return stream.getAudioTracks()[0] ?? null;
}

/** The camera alone. Rejects as getUserMedia does. */
export async function openCamera(): Promise<MediaStreamTrack | null> {
  const stream = await media().getUserMedia({ video: VIDEO });
  return stream.getVideoTracks()[0] ?? null;
}

/** Let the person choose a screen or window. Rejects with NotAllowedError when they change their mind. */
export async function openScreen(): Promise<MediaStreamTrack | null> {
  const stream = await media().getDisplayMedia({ video: SCREEN, audio: false });
  const track = stream.getVideoTracks()[0] ?? null;
  if (track && 'contentHint' in track) track.contentHint = 'detail';
  return track;
}

function media(): MediaDevices {
  // Browsers hide it on pages that are not secure (neither https nor localhost).
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (!devices) throw new DOMException('no media devices', 'NotSupportedError');
  return devices;
}
