/**
 * The four buttons. A button's state is what is really sent, so it changes only after the change has worked; while it
 * is under way the button is disabled.
 */
import type { IrisClient } from '@iris/client';
import { openCamera, openMicrophone, openScreen, type Devices } from './devices.js';
import { byId } from './dom.js';
import { deviceSentence, errorSentence } from './sentences.js';

/** What the buttons report to the page. */
export interface ControlsListener {
  /** Our own camera or microphone went on or off. */
  onOwnChanged(camera: MediaStreamTrack | null, isMicrophoneOff: boolean): void;
  onProblem(sentence: string): void;
}

/** The buttons of one participation. Owns the local tracks, from the join on. */
export class Controls {
  readonly #client: IrisClient;
  readonly #listener: ControlsListener;
  readonly #ended = new AbortController();
  #microphone: MediaStreamTrack | null;
  #isMicrophoneOff: boolean;
  #camera: MediaStreamTrack | null;
  #screen: MediaStreamTrack | null = null;

  constructor(client: IrisClient, devices: Devices, listener: ControlsListener) {
    this.#client = client;
    this.#listener = listener;
    this.#microphone = devices.microphone;
    this.#isMicrophoneOff = devices.microphone === null;
    this.#camera = devices.camera;
    this.#onClick('mic', 'Microphone', () => this.#toggleMicrophone());
    this.#onClick('camera', 'Camera', () => this.#toggleCamera());
    this.#onClick('share', 'Screen', () => this.#toggleScreen());
    byId('share', HTMLButtonElement).disabled = !navigator.mediaDevices?.getDisplayMedia;
    byId('leave', HTMLButtonElement).addEventListener('click', () => void client.leave(), {
      signal: this.#ended.signal,
    });
    this.#show();
  }

  /** Stop all local tracks and forget the buttons. */
  dispose(): void {
    this.#ended.abort();
    for (const track of [this.#microphone, this.#camera, this.#screen]) track?.stop();
  }

  #onClick(id: string, what: string, action: () => Promise<void>): void {
    const button = byId(id, HTMLButtonElement);
    const run = async () => {
      button.disabled = true;
      await action().catch((error: unknown) => this.#report(what, error));
      button.disabled = false;
      this.#show();
    };
    button.addEventListener('click', () => void run(), { signal: this.#ended.signal });
  }

  #report(what: string, error: unknown): void {
    // Closing the browser's chooser is a change of mind, not a problem.
    if (what === 'Screen' && error instanceof DOMException && error.name === 'NotAllowedError') {
      return;
    }
    const isDevice = error instanceof DOMException;
    this.#listener.onProblem(isDevice ? deviceSentence(what, error) : errorSentence(error));
  }

  async #toggleMicrophone(): Promise<void> {
    if (this.#isMicrophoneOff) {
      this.#microphone ??= await openMicrophone();
      await this.#client.setTrack('microphone', this.#microphone);
      this.#isMicrophoneOff = false;
    } else {
      await this.#client.setTrack('microphone', null);
      this.#isMicrophoneOff = true;
    }
  }

  /** Off means that the device is given back, so that its light goes out. */
  async #toggleCamera(): Promise<void> {
    if (this.#camera) {
      await this.#client.setTrack('camera', null);
      this.#camera.stop();
      this.#camera = null;
    } else {
      const camera = await openCamera();
      await this.#client.setTrack('camera', camera);
      this.#camera = camera;
    }
  }

  async #toggleScreen(): Promise<void> {
    if (this.#screen) return this.#stopScreen();
    const screen = await openScreen();
    if (!screen) return;
    await this.#client.setTrack('screen', screen);
    this.#screen = screen;
    // The browser has a "stop sharing" button of its own.
    screen.addEventListener('ended', () => void this.#stopScreen().finally(() => this.#show()));
  }

  async #stopScreen(): Promise<void> {
    const screen = this.#screen;
    this.#screen = null;
    screen?.stop();
    if (screen && this.#client.state === 'joined') await this.#client.setTrack('screen', null);
  }

  #show(): void {
    if (this.#ended.signal.aborted) return;
    show('mic', !this.#isMicrophoneOff, this.#isMicrophoneOff ? 'Unmute' : 'Mute');
    show('camera', this.#camera !== null, this.#camera ? 'Stop camera' : 'Start camera');
    show('share', this.#screen !== null, this.#screen ? 'Stop sharing' : 'Share screen');
    this.#listener.onOwnChanged(this.#camera, this.#isMicrophoneOff);
  }
}

/** The word says what a click does; the style, by data-state, what is the case now. */
function show(id: string, isOn: boolean, word: string): void {
  const button = byId(id, HTMLButtonElement);
  button.dataset['state'] = isOn ? 'on' : 'off';
  const label = button.querySelector('.label');
  if (label) label.textContent = word;
}
