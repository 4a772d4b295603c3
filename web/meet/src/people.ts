/**
 * The list of everyone in the room, with what each sends and what one can do about it. For tests:
 * `#people-list [data-participant]`, and on its buttons `data-action`: message, pin, mute-audio, mute-camera,
 * mute-screen, remove.
 */
import type { IrisClient, MediaKind, Participant } from '@iris/client';
import { hueClass, initials } from './avatar.js';
import { byId, icon, iconButton, make, setChildren, setIcon, setLabel, setText } from './dom.js';

/** What the buttons of the list do. */
export interface PeopleActions {
  pin(id: string): void;
  message(id: string): void;
  mute(person: Participant, kind: MediaKind): void;
  remove(person: Participant): void;
}

/** What the list shows beside the participants. */
export interface PeopleInput {
  ownName: string;
  isOwnMuted: boolean;
  isOwnCameraOff: boolean;
  isOwnSharing: boolean;
  pinned: string | null;
  speaking: ReadonlySet<string>;
}

const MUTES: readonly { kind: MediaKind; icon: string; words: (name: string) => string }[] = [
  { kind: 'audio', icon: 'mic-off', words: (name) => `Mute ${name}` },
  { kind: 'camera', icon: 'camera-off', words: (name) => `Turn off the camera of ${name}` },
  { kind: 'screen', icon: 'screen-stop', words: (name) => `Stop the screen share of ${name}` },
];

/** The rows of one participation. */
export class People {
  readonly #list = byId('people-list', HTMLElement);
  readonly #own = new Row();
  readonly #rows = new Map<string, Row>();

  constructor(
    private readonly client: IrisClient,
    private readonly actions: PeopleActions,
  ) {}

  /** Bring the list in line. */
  render(input: PeopleInput): void {
    const { participants } = this.client;
    const count = String(participants.size + 1);
    setText(byId('people-count', HTMLElement), count);
    byId('people-badge', HTMLElement).dataset['count'] = count;
    this.#own.show('', input.ownName, {
      audio_muted: input.isOwnMuted,
      camera_muted: input.isOwnCameraOff,
      screen_sharing: input.isOwnSharing,
    });
    for (const id of this.#rows.keys()) if (!participants.has(id)) this.#rows.delete(id);
    for (const person of participants.values()) this.#renderPerson(person, input);
    const rows = [this.#own, ...this.#rows.values()];
    setChildren(
      this.#list,
      rows.map((row) => row.element),
    );
  }

  dispose(): void {
    this.#list.replaceChildren();
  }

  #renderPerson(person: Participant, input: PeopleInput): void {
    const row = this.#rows.get(person.id) ?? this.#createRow(person.id);
    row.show(person.id, person.name, person);
    row.element.dataset['speaking'] = String(input.speaking.has(person.id));
    const isPinned = input.pinned === person.id;
    const pin = row.button('pin');
    if (pin) {
      pin.setAttribute('aria-pressed', String(isPinned));
      setIcon(pin, isPinned ? 'pin-off' : 'pin');
      setLabel(pin, `${isPinned ? 'Unpin' : 'Pin'} ${person.name}`);
    }
    const message = row.button('message');
    if (message) setLabel(message, `Write to ${person.name}`);
    this.#renderModeration(row, person);
  }

  /** Only what there is to stop is offered; without the right, nothing. */
  #renderModeration(row: Row, person: Participant): void {
    const isModerator = this.client.rights?.moderator === true;
    row.element.classList.toggle('moderated', isModerator);
    const isSending = {
      audio: !person.audio_muted,
      camera: !person.camera_muted,
      screen: person.screen_sharing,
    };
    for (const { kind, words } of MUTES) {
      const button = row.button(`mute-${kind}`);
      if (!button) continue;
      button.hidden = !isModerator || !isSending[kind];
      setLabel(button, words(person.name));
    }
    const remove = row.button('remove');
    if (!remove) return;
    remove.hidden = !isModerator;
    setLabel(remove, `Remove ${person.name} from the meeting`);
  }

  #createRow(id: string): Row {
    const row = new Row();
    const whoever = (act: (person: Participant) => void) => () => {
      const person = this.client.participants.get(id);
      if (person) act(person);
    };
    row.addButton('message', 'chat', () => this.actions.message(id));
    row.addButton('pin', 'pin', () => this.actions.pin(id));
    for (const { kind, icon: name } of MUTES) {
      row.addButton(
        `mute-${kind}`,
        name,
        whoever((person) => this.actions.mute(person, kind)),
      );
    }
    row.addButton(
      'remove',
      'remove',
      whoever((person) => this.actions.remove(person)),
    );
    this.#rows.set(id, row);
    return row;
  }
}

/** One person of the list. */
class Row {
  readonly element = make('li', 'person');
  readonly #avatar = make('span', 'initials');
  readonly #name = make('span', 'person-name');
  readonly #states = make('span', 'person-states');
  readonly #actions = make('span', 'person-actions');
  readonly #buttons = new Map<string, HTMLButtonElement>();

  constructor() {
    this.#avatar.setAttribute('aria-hidden', 'true');
    const words = make('span', 'person-words', this.#name, this.#states);
    this.element.append(this.#avatar, words, this.#actions);
  }

  button(action: string): HTMLButtonElement | undefined {
    return this.#buttons.get(action);
  }

  addButton(action: string, name: string, onClick: () => void): void {
    const button = iconButton(name, action, onClick);
    button.dataset['action'] = action;
    this.#buttons.set(action, button);
    this.#actions.append(button);
  }

  show(
    id: string,
    name: string,
    sends: Pick<Participant, 'audio_muted' | 'camera_muted' | 'screen_sharing'>,
  ): void {
    this.element.dataset['participant'] = id || 'own';
    setText(this.#name, id ? name : `${name} (you)`);
    setText(this.#avatar, initials(name));
    this.#avatar.className = `initials ${hueClass(name)}`;
    const states: [boolean, string, string][] = [
      [sends.audio_muted, 'mic-off', 'Microphone off'],
      [sends.camera_muted, 'camera-off', 'Camera off'],
      [sends.screen_sharing, 'screen', 'Shares the screen'],
    ];
    const shown = states.filter(([isShown]) => isShown);
    const key = shown.map(([, picture]) => picture).join(' ');
    if (this.#states.dataset['key'] === key) return;
    this.#states.dataset['key'] = key;
    this.#states.replaceChildren(...shown.map(([, picture, words]) => stateIcon(picture, words)));
  }
}

function stateIcon(name: string, words: string): HTMLElement {
  const element = make('span', 'state-icon', icon(name));
  element.setAttribute('role', 'img');
  setLabel(element, words);
  return element;
}
