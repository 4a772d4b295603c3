/**
 * The chat: messages of the form `{text}` to the room or to one person. Whatever people write is shown as text; only
 * http and https addresses become links. For tests: `#chat-input`, `#chat-to`, `.chat-entry[data-from]`.
 */
import type { IrisClient, Json } from '@iris/client';
import { announce, showNote } from './banner.js';
import { ChatLog, chatText, fitsMessage, type ChatEntry } from './chat-log.js';
import { byId, make, setText } from './dom.js';
import { linkify } from './linkify.js';
import { chatErrorSentence } from './sentences.js';

const LONGEST_NOTE = 120;

/** The conversation of one participation. */
export class Chat {
  readonly #log = new ChatLog();
  readonly #ended = new AbortController();
  readonly #list = byId('chat-log', HTMLElement);
  readonly #input = byId('chat-input', HTMLTextAreaElement);
  readonly #to = byId('chat-to', HTMLSelectElement);
  #isSending = false;

  /** @param isOpen  whether the panel is open now */
  constructor(
    private readonly client: IrisClient,
    private readonly ownName: string,
    private readonly isOpen: () => boolean,
  ) {
    const { signal } = this.#ended;
    this.#list.replaceChildren(
      make('p', 'hint', 'Messages are not kept: who joins later does not see them.'),
    );
    this.#input.value = '';
    byId('chat-form', HTMLFormElement).addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        void this.#send();
      },
      { signal },
    );
    this.#input.addEventListener('keydown', (event) => this.#onKey(event), { signal });
    client.on('message', (message) => this.#onMessage(message));
    this.updatePeople();
    this.#showUnread();
    this.#setProblem('');
  }

  /** Where the focus goes when the panel opens. */
  get input(): HTMLElement {
    return this.#input;
  }

  /** The panel has been opened. */
  onOpen(): void {
    this.#log.markRead();
    this.#showUnread();
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** Write to this person. */
  addressTo(id: string): void {
    this.#to.value = id;
    this.#input.focus();
  }

  /** The room has changed. */
  updatePeople(): void {
    const chosen = this.#to.value;
    const people = [...this.client.participants.values()];
    const options = [
      new Option('Everyone', ''),
      ...people.map((person) => new Option(`${person.name} (private)`, person.id)),
    ];
    const isSame =
      options.length === this.#to.options.length &&
      options.every(
        (o, i) => o.value === this.#to.options[i]?.value && o.text === this.#to.options[i]?.text,
      );
    if (isSame) return;
    this.#to.replaceChildren(...options);
    const isStillHere = chosen === '' || this.client.participants.has(chosen);
    // What was meant for one person must not go to everyone by accident.
    if (!isStillHere && this.#input.value)
      this.#setProblem('That person has left. Your message would go to everyone now.');
    this.#to.value = isStillHere ? chosen : '';
  }

  dispose(): void {
    this.#ended.abort();
    this.#list.replaceChildren();
  }

  /** Enter sends, Shift+Enter begins a line; not while an input method is composing. */
  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void this.#send();
  }

  async #send(): Promise<void> {
    const text = this.#input.value.trim();
    if (text === '' || this.#isSending) return;
    if (!fitsMessage(text))
      return this.#setProblem('That is too long for one message. Send it in parts.');
    const to = this.#to.value || undefined;
    const privateWith = to ? (this.client.participants.get(to)?.name ?? null) : null;
    this.#isSending = true;
    try {
      await this.client.sendMessage({ text }, to);
      // What was typed meanwhile is the next message.
      if (this.#input.value.trim() === text) this.#input.value = '';
      this.#setProblem('');
      this.#add({ from: this.ownName, isOwn: true, privateWith, text, atMs: Date.now() });
    } catch (error) {
      this.#setProblem(chatErrorSentence(error));
    } finally {
      this.#isSending = false;
    }
  }

  #onMessage({ from, to, data }: { from: string; to?: string; data: Json }): void {
    const text = chatText(data);
    if (text === null || from === this.client.id) return;
    const name = this.client.participants.get(from)?.name ?? 'Someone';
    const isPrivate = to !== undefined && to !== null;
    this.#add({
      from: name,
      isOwn: false,
      privateWith: isPrivate ? name : null,
      text,
      atMs: Date.now(),
    });
    const words = `${name}${isPrivate ? ' (private)' : ''}: ${shorten(text)}`;
    announce(words);
    if (!this.isOpen()) showNote(words);
  }

  #add(entry: ChatEntry): void {
    const isAtEnd =
      this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 60 || entry.isOwn;
    this.#log.add(entry, this.isOpen());
    this.#list.append(renderEntry(entry));
    while (this.#list.children.length > this.#log.entries.length + 1) {
      this.#list.children[1]?.remove();
    }
    if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
    this.#showUnread();
  }

  #showUnread(): void {
    const { unread } = this.#log;
    const badge = byId('chat-unread', HTMLElement);
    badge.hidden = unread === 0;
    badge.dataset['count'] = unread > 99 ? '99+' : String(unread);
  }

  #setProblem(sentence: string): void {
    const element = byId('chat-problem', HTMLElement);
    setText(element, sentence);
    element.hidden = sentence === '';
  }
}

function shorten(text: string): string {
  return text.length > LONGEST_NOTE ? `${text.slice(0, LONGEST_NOTE)} …` : text;
}

function renderEntry(entry: ChatEntry): HTMLElement {
  const time = new Date(entry.atMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const who = make('p', 'chat-who', make('strong', '', entry.isOwn ? 'You' : entry.from));
  if (entry.privateWith !== null) {
    const words = entry.isOwn ? `to ${entry.privateWith} only` : 'to you only';
    who.append(make('span', 'chat-private', words));
  }
  who.append(make('time', '', time));
  const body = make('p', 'chat-text');
  for (const { text, href } of linkify(entry.text)) {
    if (!href) {
      body.append(text);
      continue;
    }
    const link = make('a', '', text);
    link.href = href;
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
    body.append(link);
  }
  const element = make('div', entry.isOwn ? 'chat-entry own' : 'chat-entry', who, body);
  element.dataset['from'] = entry.from;
  element.dataset['private'] = String(entry.privateWith !== null);
  return element;
}
