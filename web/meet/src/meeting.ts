/** One participation on the page, from the join to the end: makes the parts and tells them when to draw. */
import type { IrisClient, MediaKind, Participant, TrackKind } from '@iris/client';
import { announce, clearBanners, hideBanner, showBanner, tell } from './banner.js';
import { Chat } from './chat.js';
import { ConnectionNotices } from './connection-notices.js';
import { Controls } from './controls.js';
import { closeDialogs, confirmRemoval, openHelp, openSettings } from './dialogs.js';
import { byId } from './dom.js';
import { listenToKeys, type Command } from './keyboard.js';
import type { LocalMedia } from './local-media.js';
import { OwnVoice } from './own-voice.js';
import { Panels } from './panels.js';
import { People } from './people.js';
import { recall } from './preferences.js';
import { Publisher } from './publisher.js';
import { QualityHint } from './quality-hint.js';
import { deviceSentence, errorSentence, leftSentence, mutedSentence } from './sentences.js';
import { Sound } from './sound.js';
import { Speakers } from './speakers.js';
import { Stage } from './stage.js';

/** The parts of one participation. */
export class Meeting {
  readonly #ended = new AbortController();
  readonly #publisher: Publisher;
  readonly #controls: Controls;
  readonly #stage: Stage;
  readonly #people: People;
  readonly #chat: Chat;
  readonly #panels: Panels;
  readonly #speakers: Speakers;
  readonly #voice: OwnVoice;
  readonly #notices: ConnectionNotices;
  readonly #quality: QualityHint;
  readonly #sound = new Sound(byId('speakers', HTMLElement), () => this.#onSoundBlocked());
  #isFramePending = false;

  /** The client must have joined. */
  constructor(
    private readonly client: IrisClient,
    private readonly local: LocalMedia,
    private readonly ownName: string,
  ) {
    this.#publisher = new Publisher(client, local);
    this.#stage = new Stage(client, (id) => this.#onPinned(id));
    this.#people = new People(client, {
      pin: (id) => this.#stage.togglePin(id),
      message: (id) => this.#writeTo(id),
      mute: (person, kind) => this.#mute(person, kind),
      remove: (person) => void this.#remove(person),
    });
    this.#chat = new Chat(client, ownName, () => this.#panels.open === 'chat');
    this.#panels = new Panels({
      chat: { onOpen: () => this.#chat.onOpen(), focus: this.#chat.input },
      people: { onOpen: () => undefined, focus: byId('people-title', HTMLElement) },
    });
    this.#speakers = new Speakers(client, () => this.#requestRender());
    this.#voice = new OwnVoice(local, this.#publisher, () => this.#requestRender());
    this.#notices = new ConnectionNotices(client);
    this.#quality = new QualityHint(client, () => this.#requestRender());
    this.#controls = new Controls(this.#publisher, {
      togglePanel: (panel) => this.#panels.toggle(panel),
      openSettings,
      openHelp,
      leave: () => void client.leave(),
    });
    this.#listen();
    this.#render();
    byId('mic', HTMLButtonElement).focus();
    announce(`You joined. ${client.participants.size} others are here.`);
  }

  /** Use another speaker. */
  setSpeaker(id: string): void {
    void this.#sound.setSpeaker(id);
  }

  /** Take everything off the page and give the devices back. */
  dispose(): void {
    this.#ended.abort();
    this.#publisher.dispose();
    for (const part of [this.#controls, this.#speakers, this.#voice, this.#notices]) part.dispose();
    for (const part of [this.#stage, this.#people, this.#chat, this.#panels]) part.dispose();
    this.#quality.dispose();
    this.#sound.dispose();
    clearBanners();
    closeDialogs();
  }

  #listen(): void {
    const { client } = this;
    const { signal } = this.#ended;
    const render = () => this.#requestRender();
    for (const event of ['slots', 'participant_updated', 'reconnected'] as const) {
      client.on(event, render);
    }
    client.on('participant_joined', (person) => this.#onCame(`${person.name} joined`));
    client.on('participant_left', ({ participant, reason }) => {
      this.#onCame(leftSentence(participant.name, reason));
    });
    client.on('muted', (muted) => tell(mutedSentence(muted)));
    this.#publisher.on('changed', (kind) => this.#onOwnChanged(kind));
    this.#publisher.on('problem', (error) => this.#onProblem(errorSentence(error)));
    const stop = this.local.on('problem', (error) => {
      // Closing the browser's chooser is a change of mind, not a problem.
      if (error.device === 'screen' && error.problem === 'denied') return;
      this.#onProblem(deviceSentence(error));
    });
    signal.addEventListener('abort', stop);
    listenToKeys((command) => this.#run(command), signal);
    byId('more-people', HTMLElement).addEventListener('click', () => this.#panels.show('people'), {
      signal,
    });
    byId('audio-only', HTMLInputElement).addEventListener(
      'change',
      (event) => {
        const isOn = (event.currentTarget as HTMLInputElement).checked;
        client
          .setLayout({ audio_only: isOn })
          .catch((e: unknown) => this.#onProblem(errorSentence(e)));
      },
      { signal },
    );
  }

  #onCame(words: string): void {
    tell(words);
    this.#requestRender();
  }

  #run(command: Command): boolean {
    switch (command) {
      case 'microphone':
      case 'camera':
      case 'screen':
        void this.#controls.toggle(command);
        return true;
      case 'chat':
      case 'people':
        this.#panels.toggle(command);
        return true;
      case 'help':
        openHelp();
        return true;
      case 'close':
        return this.#panels.close();
    }
  }

  /** Many events come together; one drawing answers them all. A hidden page gets no frames, but must not fall behind. */
  #requestRender(): void {
    if (this.#isFramePending || this.#ended.signal.aborted) return;
    this.#isFramePending = true;
    queueMicrotask(() => {
      this.#isFramePending = false;
      if (!this.#ended.signal.aborted) this.#render();
    });
  }

  #render(): void {
    const publisher = this.#publisher;
    const isOwnMuted = !publisher.isOn('microphone');
    const speaking = this.#speakers.current;
    this.#sound.update(this.client.slots, recall('speaker'));
    this.#stage.render({
      speaking,
      ownName: this.ownName,
      ownCamera: publisher.isOn('camera') ? this.local.track('camera') : null,
      isOwnMuted,
      isOwnSpeaking: !isOwnMuted && this.#voice.isSpeaking,
      verdict: this.#quality.shown,
    });
    this.#people.render({
      ownName: this.ownName,
      isOwnMuted,
      isOwnCameraOff: !publisher.isOn('camera'),
      isOwnSharing: publisher.isOn('screen'),
      pinned: this.#stage.pinned,
      speaking,
    });
    this.#chat.updatePeople();
  }

  #onOwnChanged(kind: TrackKind): void {
    this.#requestRender();
    if (kind !== 'screen') return;
    if (!this.#publisher.isOn('screen')) return hideBanner('sharing');
    const run = () => void this.#controls.toggle('screen');
    showBanner('sharing', {
      text: 'You are sharing your screen. Everyone in the room sees it.',
      tone: 'info',
      action: { id: 'stop-sharing', label: 'Stop sharing', run },
    });
  }

  #onPinned(id: string | null): void {
    this.#requestRender();
    // A server without layouts shows whom it shows; the page's own arrangement works all the same.
    this.client.pin(id ? [id] : []).catch((error: unknown) => console.warn('not pinned', error));
    const name = id && this.client.participants.get(id)?.name;
    announce(name ? `${name} is pinned` : 'Nobody is pinned');
  }

  #onProblem(text: string): void {
    announce(text);
    showBanner('problem', { text, tone: 'warning', isClosable: true });
  }

  #onSoundBlocked(): void {
    if (this.#ended.signal.aborted) return;
    const run = () => {
      hideBanner('sound');
      this.#sound.enable();
    };
    announce('The browser plays no sound yet. Use the button Enable sound.');
    showBanner('sound', {
      text: 'The browser plays no sound before you allow it.',
      tone: 'warning',
      action: { id: 'enable-sound', label: 'Enable sound', run },
    });
  }

  #writeTo(id: string): void {
    this.#panels.show('chat');
    this.#chat.addressTo(id);
  }

  #mute(person: Participant, kind: MediaKind): void {
    this.client.muteOther(person.id, kind).then(
      () => tell(kind === 'screen' ? `${person.name} no longer shares` : `${person.name} is muted`),
      (error: unknown) => this.#onProblem(errorSentence(error)),
    );
  }

  async #remove(person: Participant): Promise<void> {
    const reason = await confirmRemoval(person.name);
    if (reason === null) return;
    await this.client
      .removeOther(person.id, reason || undefined)
      .catch((error: unknown) => this.#onProblem(errorSentence(error)));
  }
}
