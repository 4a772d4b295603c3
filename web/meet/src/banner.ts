/**
 * What the page tells about itself while one is in the meeting: banners stay until their cause is gone, notes go by
 * themselves, and both are read out. One banner for each topic; a later one replaces it.
 */
import { byId, icon, iconButton, make, setText } from './dom.js';

/** What a banner is about. */
export type Topic =
  | 'connection'
  | 'draining'
  | 'sound'
  | 'sharing'
  | 'problem'
  | 'limit'
  | 'speech';

/** A banner's words and its button. */
export interface Banner {
  text: string;
  tone: 'info' | 'warning';
  action?: { id?: string; label: string; run: () => void };
  /** Whether it can be put away by hand. */
  isClosable?: boolean;
}

const NOTE_MS = 5_000;
const MAX_NOTES = 3;

const banners = new Map<Topic, { element: HTMLElement; text: HTMLElement }>();

/** Show a banner, or replace the words of the one of this topic. */
export function showBanner(topic: Topic, banner: Banner): void {
  const shown = banners.get(topic);
  if (shown && !banner.action) return setText(shown.text, banner.text);
  shown?.element.remove();
  const text = make('span', 'banner-text', banner.text);
  const element = make('div', `banner ${banner.tone}`);
  element.dataset['topic'] = topic;
  element.append(icon(banner.tone === 'warning' ? 'warning' : 'info'), text);
  if (banner.action) element.append(actionButton(banner.action));
  if (banner.isClosable) element.append(iconButton('close', 'Put away', () => hideBanner(topic)));
  banners.set(topic, { element, text });
  byId('banners', HTMLElement).append(element);
}

/** The cause is gone. */
export function hideBanner(topic: Topic): void {
  banners.get(topic)?.element.remove();
  banners.delete(topic);
}

/** The meeting is over, and with it everything about it. */
export function clearBanners(): void {
  for (const topic of [...banners.keys()]) hideBanner(topic);
  byId('notes', HTMLElement).replaceChildren();
}

/** Show a note for a few seconds; what is only for the eye, because it is announced otherwise. */
export function showNote(text: string): void {
  const holder = byId('notes', HTMLElement);
  const note = make('p', 'note-toast', text);
  holder.append(note);
  while (holder.children.length > MAX_NOTES) holder.firstElementChild?.remove();
  setTimeout(() => note.remove(), NOTE_MS);
}

/** Have a screen reader say something, after what it is saying. */
export function announce(text: string): void {
  const live = byId('live', HTMLElement);
  live.append(make('p', '', text));
  while (live.children.length > 5) live.firstElementChild?.remove();
}

/** A note for the eye and the ear. */
export function tell(text: string): void {
  showNote(text);
  announce(text);
}

function actionButton(action: NonNullable<Banner['action']>): HTMLButtonElement {
  const button = make('button', 'small-button', action.label);
  button.type = 'button';
  if (action.id) button.id = action.id;
  button.addEventListener('click', action.run);
  return button;
}
