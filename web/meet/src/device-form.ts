/** The choice of microphone, camera and speaker, in the lobby and in the settings. */
import { listDevices, onDevicesChanged } from '@iris/client';
import { make } from './dom.js';
import type { LocalMedia } from './local-media.js';
import { recall, remember, type Preference } from './preferences.js';
import { CAN_CHOOSE_SPEAKER, playTestTone } from './sound.js';

type Chosen = Extract<Preference, 'microphone' | 'camera' | 'speaker'>;

const WORDS: Record<Chosen, string> = {
  microphone: 'Microphone',
  camera: 'Camera',
  speaker: 'Speaker',
};

/** Three lists that follow what is connected. */
export class DeviceForm {
  readonly #selects = new Map<Chosen, HTMLSelectElement>();
  readonly #stops: (() => void)[] = [];

  /**
   * @param holder     an empty element
   * @param prefix     for the ids of the lists: `settings-microphone` and so on
   * @param onSpeaker  called with the id of another speaker
   */
  constructor(
    holder: HTMLElement,
    prefix: string,
    private readonly local: LocalMedia,
    private readonly onSpeaker: (id: string) => void = () => undefined,
  ) {
    const kinds: Chosen[] = CAN_CHOOSE_SPEAKER
      ? ['microphone', 'camera', 'speaker']
      : ['microphone', 'camera'];
    for (const kind of kinds) holder.append(this.#row(prefix, kind));
    this.#stops.push(
      onDevicesChanged(() => void this.refresh()),
      // Names and ids are known only once a device has been opened.
      local.on('changed', () => void this.refresh()),
    );
    void this.refresh();
  }

  /** Read anew what is connected. */
  async refresh(): Promise<void> {
    const list = await listDevices().catch(() => null);
    this.#fill('microphone', list?.microphones ?? []);
    this.#fill('camera', list?.cameras ?? []);
    this.#fill('speaker', list?.speakers ?? []);
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
  }

  #row(prefix: string, kind: Chosen): HTMLElement {
    const select = make('select');
    select.id = `${prefix}-${kind}`;
    select.addEventListener('change', () => this.#onChosen(kind, select.value));
    this.#selects.set(kind, select);
    const label = make('label', '', WORDS[kind]);
    label.htmlFor = select.id;
    const row = make('div', 'device-row', label, select);
    if (kind === 'speaker') row.append(this.#testButton(select));
    return row;
  }

  #testButton(select: HTMLSelectElement): HTMLButtonElement {
    const button = make('button', 'small-button', 'Test');
    button.type = 'button';
    button.title = 'Play a short tone';
    button.addEventListener('click', () => {
      playTestTone(select.value).catch((error: unknown) => console.warn(error));
    });
    return button;
  }

  #onChosen(kind: Chosen, id: string): void {
    if (kind !== 'speaker') return void this.local.choose(kind, id);
    remember('speaker', id);
    this.onSpeaker(id);
  }

  #fill(kind: Chosen, devices: readonly MediaDeviceInfo[]): void {
    const select = this.#selects.get(kind);
    if (!select) return;
    // Before permission there are no ids; then there is nothing to choose.
    const known = devices.filter((device) => device.deviceId !== '');
    const options = known.map((device, index) => {
      return new Option(device.label || `${WORDS[kind]} ${index + 1}`, device.deviceId);
    });
    if (options.length === 0) options.push(new Option('System default', ''));
    select.replaceChildren(...options);
    select.disabled = known.length === 0;
    select.value = this.#present(kind, known);
  }

  #present(kind: Chosen, known: readonly MediaDeviceInfo[]): string {
    const inUse = kind === 'speaker' ? undefined : this.local.track(kind)?.getSettings().deviceId;
    const wanted = [inUse, recall(kind)].find((id) => known.some((d) => d.deviceId === id));
    return wanted ?? known[0]?.deviceId ?? '';
  }
}
