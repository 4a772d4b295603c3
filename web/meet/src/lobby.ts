/** The page before the meeting: how one looks and sounds, the name, the room, and what is wrong with any of it. */
import type { DeviceError, TrackKind } from '@iris/client';
import { DeviceForm } from './device-form.js';
import { byId, make, setIcon, setLabel, setText } from './dom.js';
import type { Invitation } from './invitation.js';
import { LevelMeter } from './level.js';
import type { ChosenKind, LocalMedia } from './local-media.js';
import { recall, remember } from './preferences.js';
import { deviceSentence } from './sentences.js';
import { playTrack } from './slot-videos.js';

/** What was filled in. */
export interface Entry {
  name: string;
  room: string;
}

const METER_MS = 80;

/** The form and the preview. There is one for as long as the page is open; it sleeps during a meeting. */
export class Lobby {
  readonly #meter = new LevelMeter();
  readonly #problems = new Map<TrackKind, string>();
  readonly #name = byId('name', HTMLInputElement);
  readonly #room = byId('room', HTMLInputElement);
  readonly #join = byId('join', HTMLButtonElement);
  readonly #cancel = byId('cancel-join', HTMLButtonElement);
  #meterTimer: ReturnType<typeof setInterval> | undefined;
  #isOpening = false;

  constructor(
    private readonly local: LocalMedia,
    private readonly invitation: Invitation,
    onJoin: (entry: Entry) => void,
    onCancel: () => void,
  ) {
    this.#fillIn();
    new DeviceForm(byId('lobby-devices', HTMLElement), 'lobby-device', local);
    byId('join-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const entry = { name: this.#name.value.trim(), room: this.#room.value.trim() };
      remember('name', entry.name);
      onJoin(entry);
    });
    this.#cancel.addEventListener('click', onCancel);
    for (const kind of ['microphone', 'camera'] as const) {
      button(kind).addEventListener('click', () => this.toggle(kind));
    }
    local.on('changed', () => this.#show());
    local.on('problem', (error) => this.#onProblem(error));
  }

  /** Show the preview and open the devices. */
  wake(): void {
    clearInterval(this.#meterTimer);
    this.#meterTimer = setInterval(() => this.#showLevel(), METER_MS);
    this.#isOpening = true;
    this.#problems.clear();
    this.#showProblems();
    this.#show();
    void this.local.openAll().then(() => {
      this.#isOpening = false;
      this.#show();
    });
    const isComplete = this.#name.value !== '' && this.#room.value !== '';
    (isComplete ? this.#join : this.#name.value ? this.#room : this.#name).focus();
  }

  /** The meeting has the devices now. */
  sleep(): void {
    clearInterval(this.#meterTimer);
    this.#meter.listen(null);
    playTrack(byId('preview-video', HTMLVideoElement), null);
  }

  /** Turn one of the two on or off. */
  toggle(kind: ChosenKind): void {
    this.#problems.delete(kind);
    this.#showProblems();
    if (this.local.track(kind)) this.local.close(kind);
    else void this.local.open(kind);
  }

  /** Whether a join is under way, and what to say about it. */
  setJoining(isJoining: boolean, status: string): void {
    this.#join.disabled = isJoining;
    this.#join.textContent = isJoining ? 'Joining …' : 'Join';
    this.#cancel.hidden = !isJoining;
    setText(byId('join-status', HTMLElement), status);
    if (isJoining) this.setProblem('');
  }

  /** Why the join failed; the empty string for nothing. */
  setProblem(sentence: string): void {
    const element = byId('problem', HTMLElement);
    setText(element, sentence);
    element.hidden = sentence === '';
  }

  #fillIn(): void {
    const { name, room, token, expiresMs, isRoomFixed } = this.invitation;
    this.#name.value = name || recall('name');
    this.#room.value = room || 'lobby';
    this.#room.readOnly = isRoomFixed;
    if (token) {
      const isOver = expiresMs !== null && expiresMs < Date.now();
      const invited = byId('invited', HTMLElement);
      invited.hidden = false;
      invited.textContent = isOver
        ? 'Your invitation has expired. Ask for a new link if joining fails.'
        : 'You are joining with a personal invitation.';
    }
    if (isSecureContext && navigator.mediaDevices) return;
    const insecure = byId('insecure', HTMLElement);
    const link = make('a', '', 'Open the secure page');
    link.href = location.href.replace(/^http:/, 'https:');
    insecure.hidden = false;
    insecure.append(
      'This page was opened without encryption (http), so the browser lends it neither camera nor microphone. You can still join to watch and listen. ',
      link,
    );
  }

  #onProblem(error: DeviceError): void {
    this.#problems.set(error.device, deviceSentence(error));
    this.#showProblems();
  }

  #showProblems(): void {
    const list = byId('device-problems', HTMLElement);
    // On a page that is not secure one callout says it all.
    const sentences = isSecureContext ? [...this.#problems.values()] : [];
    list.replaceChildren(...sentences.map((sentence) => make('p', '', sentence)));
    list.hidden = sentences.length === 0;
  }

  #show(): void {
    // During a meeting the preview and the meter belong to nobody.
    if (document.body.dataset['view'] !== 'lobby') return;
    const camera = this.local.track('camera');
    playTrack(byId('preview-video', HTMLVideoElement), camera);
    byId('preview', HTMLElement).dataset['state'] = camera ? 'on' : 'off';
    const text = byId('preview-text', HTMLElement);
    setText(text, this.#isOpening ? 'Waiting for camera and microphone …' : 'Your camera is off');
    this.#meter.listen(this.local.track('microphone'));
    for (const kind of ['microphone', 'camera'] as const) {
      const isOn = this.local.track(kind) !== null;
      const element = button(kind);
      element.setAttribute('aria-pressed', String(isOn));
      element.dataset['state'] = isOn ? 'on' : 'off';
      const name = kind === 'microphone' ? 'mic' : 'camera';
      setIcon(element, isOn ? name : `${name}-off`);
      setLabel(element, isOn ? `Turn the ${kind} off` : `Turn the ${kind} on`);
    }
    const isMicOn = this.local.track('microphone') !== null;
    setText(byId('level-text', HTMLElement), isMicOn ? 'Say something' : 'Microphone off');
  }

  #showLevel(): void {
    const level = this.#meter.read();
    byId('level-bar', HTMLElement).style.transform = `scaleX(${level.toFixed(3)})`;
    byId('level', HTMLElement).setAttribute('aria-valuenow', String(Math.round(level * 100)));
  }
}

function button(kind: ChosenKind): HTMLButtonElement {
  return byId(kind === 'microphone' ? 'lobby-mic' : 'lobby-camera', HTMLButtonElement);
}
