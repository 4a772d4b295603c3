/**
 * The two panels beside the pictures; one is open at a time. The focus goes into a panel that opens and back to its
 * button when it closes.
 */
import { byId, iconButton, setLabel } from './dom.js';

/** Which panel. */
export type PanelName = 'chat' | 'people';

const NAMES: readonly PanelName[] = ['chat', 'people'];
const WORDS: Record<PanelName, string> = { chat: 'chat', people: 'list of people' };

/** What a panel wants to know. */
export interface PanelListener {
  onOpen(): void;
  /** Where the focus goes. */
  focus: HTMLElement;
}

/** The panels of one participation. */
export class Panels {
  #open: PanelName | null = null;

  constructor(private readonly listeners: Record<PanelName, PanelListener>) {
    for (const name of NAMES) {
      const head = panel(name).querySelector('.panel-head');
      head?.querySelector('button')?.remove();
      head?.append(iconButton('close', `Close the ${WORDS[name]} (Escape)`, () => this.close()));
    }
    this.#show();
  }

  /** Which one is open. */
  get open(): PanelName | null {
    return this.#open;
  }

  /** Open it, or close it if it is open. */
  toggle(name: PanelName): void {
    if (this.#open === name) return void this.close();
    this.show(name);
  }

  /** Open it. */
  show(name: PanelName): void {
    this.#open = name;
    this.#show();
    this.listeners[name].onOpen();
    this.listeners[name].focus.focus();
  }

  /** Close what is open. @returns whether something was */
  close(): boolean {
    const name = this.#open;
    if (!name) return false;
    const hadFocus = panel(name).contains(document.activeElement);
    this.#open = null;
    this.#show();
    if (hadFocus) byId(name, HTMLButtonElement).focus();
    return true;
  }

  dispose(): void {
    this.#open = null;
    this.#show();
  }

  #show(): void {
    for (const name of NAMES) {
      const isOpen = name === this.#open;
      panel(name).hidden = !isOpen;
      const button = byId(name, HTMLButtonElement);
      button.setAttribute('aria-pressed', String(isOpen));
      button.dataset['state'] = isOpen ? 'on' : 'off';
      const key = name === 'chat' ? 'C' : 'P';
      setLabel(button, `${isOpen ? 'Close' : 'Open'} the ${WORDS[name]} (${key})`);
    }
    document.body.dataset['panel'] = this.#open ?? '';
  }
}

function panel(name: PanelName): HTMLElement {
  return byId(`${name}-panel`, HTMLElement);
}
