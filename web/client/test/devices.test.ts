/** Devices: what is asked of the browser, and what its refusals become. */
import { beforeEach, expect, test, vi } from 'vitest';
import {
  DeviceError,
  ErrorCode,
  IrisError,
  listDevices,
  onDevicesChanged,
  openCamera,
  openDevices,
  openMicrophone,
  openScreen,
} from '../src/index.js';
import { FakeTrack } from './world.js';

/** The browser's own. A stream has a track for each kind that was asked for. */
class FakeDevices extends EventTarget {
  readonly asked: MediaStreamConstraints[] = [];
  /** Names of the errors that asking for audio or video meets. */
  fails: { audio?: string; video?: string } = {};
  isEmpty = false;

  async getUserMedia(constraints: MediaStreamConstraints) {
    this.asked.push(constraints);
    const name = (constraints.audio && this.fails.audio) || (constraints.video && this.fails.video);
    if (name) throw new DOMException('no', name);
    const audio = constraints.audio ? [new FakeTrack('audio')] : [];
    const video = constraints.video ? [new FakeTrack('video')] : [];
    const all = this.isEmpty ? [] : [...audio, ...video];
    return { getTracks: () => all, getAudioTracks: () => audio, getVideoTracks: () => video };
  }

  async getDisplayMedia(constraints: MediaStreamConstraints) {
    const stream = await this.getUserMedia(constraints);
    for (const track of stream.getTracks()) Object.assign(track, { contentHint: '' });
    return stream;
  }

  async enumerateDevices() {
    return ['audioinput', 'videoinput', 'audiooutput', 'audioinput'].map((kind) => ({ kind }));
  }
}

let devices: FakeDevices;
beforeEach(() => {
  devices = new FakeDevices();
  vi.stubGlobal('navigator', { mediaDevices: devices });
});

test('microphone, camera and screen are asked for as the contract wants them', async () => {
  await openMicrophone();
  await openMicrophone('mic 2');
  await openCamera('cam 2');
  const screen = await openScreen();
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const size = { width: { ideal: 640 }, height: { ideal: 480 } };
  expect(devices.asked).toEqual([
    { audio },
    { audio: { ...audio, deviceId: { exact: 'mic 2' } } },
    { video: { ...size, frameRate: { ideal: 30, max: 30 }, deviceId: { exact: 'cam 2' } } },
    {
      video: { width: { max: 1280 }, height: { max: 720 }, frameRate: { ideal: 15, max: 15 } },
      audio: false,
    },
  ]);
  expect(screen.contentHint).toBe('detail');
});

for (const [name, problem] of [
  ['NotAllowedError', 'denied'],
  ['SecurityError', 'denied'],
  ['NotFoundError', 'none'],
  ['OverconstrainedError', 'none'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
  ['NotSupportedError', 'unsupported'],
  ['TypeError', 'other'],
] as const) {
  test(`${name} is '${problem}', with a sentence and a remedy`, async () => {
    devices.fails = { audio: name, video: name };
    for (const [device, open] of [
      ['microphone', openMicrophone],
      ['camera', openCamera],
      ['screen', openScreen],
    ] as const) {
      const error: unknown = await open().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(DeviceError);
      expect(error).toBeInstanceOf(IrisError);
      expect(error).toMatchObject({ device, problem, code: ErrorCode.device, cause: { name } });
      expect((error as Error).message).toMatch(new RegExp(`${device}.*\\. [A-Z].*\\.$`));
    }
  });
}

test('an empty stream is no device', async () => {
  devices.isEmpty = true;
  await expect(openMicrophone()).rejects.toMatchObject({ problem: 'none' });
});

test('a page that is not secure, and a browser without devices', async () => {
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('isSecureContext', false);
  await expect(openCamera()).rejects.toMatchObject({ problem: 'insecure' });
  await expect(listDevices()).rejects.toMatchObject({ problem: 'insecure' });
  onDevicesChanged(() => undefined)();
  vi.stubGlobal('isSecureContext', true);
  await expect(openScreen()).rejects.toMatchObject({ problem: 'unsupported' });
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia() {} } });
  await expect(openScreen()).rejects.toMatchObject({ problem: 'unsupported' });
});

test('both are asked for at once; if that fails, each alone', async () => {
  const both = await openDevices();
  expect([both.microphone?.kind, both.camera?.kind, both.errors]).toEqual(['audio', 'video', []]);
  expect(devices.asked).toHaveLength(1);
  devices.fails = { video: 'NotFoundError' };
  const one = await openDevices({ microphone: 'mic 2' });
  expect([one.microphone?.kind, one.camera]).toEqual(['audio', null]);
  expect(one.errors).toMatchObject([{ device: 'camera', problem: 'none' }]);
});

test('what is not wanted is not asked for; without devices there are errors and no rejection', async () => {
  expect((await openDevices({ camera: false })).camera).toBeNull();
  expect(devices.asked).toMatchObject([{ audio: {} }]);
  expect(devices.asked[0]).not.toHaveProperty('video');
  vi.stubGlobal('navigator', {});
  const { errors } = await openDevices();
  expect(errors.map(({ device }) => device)).toEqual(['microphone', 'camera']);
});

test('what is connected, by kind, and that it changed', async () => {
  const list = await listDevices();
  expect([list.microphones.length, list.cameras.length, list.speakers.length]).toEqual([2, 1, 1]);
  let changes = 0;
  const stop = onDevicesChanged(() => changes++);
  devices.dispatchEvent(new Event('devicechange'));
  stop();
  devices.dispatchEvent(new Event('devicechange'));
  expect(changes).toBe(1);
});
