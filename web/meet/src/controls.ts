/**
 * The bar of buttons. A button shows what is really sent (`data-state`, `aria-pressed`), so it changes only after the
 * change has worked.
 */
import type { TrackKind } from '@iris/client';
import { byId, setIcon, setLabel, setText } from './dom.js';
import type { Publisher } from './publisher.js';

/** What the buttons do beside sending. */
export interface ControlActions {
  togglePanel(panel: 'chat' | 'people'): void;
  openSettings(): void;
  openHelp(): void;
  leave(): void;
}

interface Face {
  button: string;
  icons: [on: string, off: string];
  /** What a click does, on and off. */
  does: [on: string, off: string];
  forbidden: string;
  key: string;
}

const FACES: Record<TrackKind, Face> = {
  microphone: {
    button: 'mic',
    icons: ['mic', 'mic-off'],
    does: ['Mute', 'Unmute'],
    forbidden: 'Your invitation does not include speaking',
    key: 'M',
  },
  camera: {
    button: 'camera',
    icons: ['camera', 'camera-off'],
    does: ['Stop camera', 'Start camera'],
    forbidden: 'Your invitation does not include a camera',
    key: 'V',
  },
  screen: {
    button: 'share',
    icons: ['screen-stop', 'screen'],
    does: ['Stop sharing', 'Share screen'],
    forbidden: 'Your invitation does not include sharing a screen',
    key: 'S',
  },
};

const KINDS: readonly TrackKind[] = ['microphone', 'camera', 'screen'];

/** The buttons of one participation. */
export class Controls {
  readonly #ended = new AbortController();
  readonly #stop: () => void;

  constructor(
    private readonly publisher: Publisher,
    actions: ControlActions,
  ) {
    for (const kind of KINDS) {
      this.#onClick(FACES[kind].button, () => void this.toggle(kind));
    }
    this.#onClick('chat', () => actions.togglePanel('chat'));
    this.#onClick('people', () => actions.togglePanel('people'));
    this.#onClick('settings', () => actions.openSettings());
    this.#onClick('help', () => actions.openHelp());
    this.#onClick('leave', () => actions.leave());
    setLabel(byId('settings', HTMLElement), 'Settings');
    setLabel(byId('help', HTMLElement), 'Keyboard help (?)');
    setLabel(byId('leave', HTMLElement), 'Leave the meeting');
    // Phones have no screen to share.
    byId('share', HTMLElement).hidden = !navigator.mediaDevices?.getDisplayMedia;
    this.#stop = publisher.on('changed', () => this.show());
    this.show();
  }

  /** Turn one of the three on or off, as the button does; while that is under way nothing more is asked. */
  async toggle(kind: TrackKind): Promise<void> {
    const button = byId(FACES[kind].button, HTMLButtonElement);
    // Not `disabled`: that would take the focus away.
    if (button.getAttribute('aria-busy') === 'true' || button.hidden) return;
    button.setAttribute('aria-busy', 'true');
    try {
      await this.publisher.toggle(kind);
    } finally {
      button.removeAttribute('aria-busy');
      this.show();
    }
  }

  /** Bring the buttons in line. */
  show(): void {
    if (this.#ended.signal.aborted) return;
    for (const kind of KINDS) this.#showFace(kind);
  }

  dispose(): void {
    this.#ended.abort();
    this.#stop();
  }

  #showFace(kind: TrackKind): void {
    const face = FACES[kind];
    const button = byId(face.button, HTMLButtonElement);
    const isOn = this.publisher.isOn(kind);
    const isAllowed = this.publisher.isAllowed(kind);
    const [icon, does] = isOn ? [face.icons[0], face.does[0]] : [face.icons[1], face.does[1]];
    button.dataset['state'] = isOn ? 'on' : 'off';
    button.disabled = !isAllowed;
    button.setAttribute('aria-pressed', String(isOn));
    setIcon(button, icon);
    setLabel(button, isAllowed ? `${does} (${face.key})` : face.forbidden);
    const label = button.querySelector('.label');
    if (label) setText(label, does);
  }

  #onClick(id: string, action: () => void): void {
    const { signal } = this.#ended;
    byId(id, HTMLButtonElement).addEventListener('click', action, { signal });
  }
}
