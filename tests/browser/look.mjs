/**
 * What a person sees of the page at one moment. {@link look} is evaluated inside the page, so it may use nothing from
 * this file but types.
 */

/**
 * @typedef {object} TileLook
 * @property {string} participant
 * @property {'own' | 'camera' | 'screen'} kind
 * @property {string} words   what a screen reader says of it
 * @property {string} note    why there is no picture
 * @property {string} state
 * @property {boolean} isMuted   the icon of a silent microphone is shown
 * @property {boolean} isSpeaking
 *
 * @typedef {object} PersonLook
 * @property {string} id
 * @property {string} name
 * @property {string[]} states
 *
 * @typedef {object} Look
 * @property {string} view           lobby, meeting or ended
 * @property {string} problem        the lobby's sentence; empty if none is visible
 * @property {string} joinStatus
 * @property {string} ending         the sentences of the last view; empty if it is not shown
 * @property {string | null} id      our own
 * @property {string} state          of the client
 * @property {TileLook[]} tiles
 * @property {PersonLook[]} people   everyone else
 * @property {Record<string, string>} banners  words by topic
 * @property {string[]} notes        that go by themselves
 * @property {Record<string, string>} buttons  what is on, by id: 'on' or 'off'
 * @property {string} unread
 * @property {{ from: string, text: string, isPrivate: boolean }[]} chat
 * @property {string} chatProblem
 */

/** @returns {Look} */
export function look() {
  const client = window.iris;
  const visible = (/** @type {string} */ selector) => {
    const element = document.querySelector(selector);
    return element?.checkVisibility() ? (element.textContent ?? '').trim() : '';
  };
  const all = (/** @type {string} */ selector) =>
    /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)]);
  const isShown = (/** @type {Element | null} */ element) => element?.checkVisibility() === true;
  const ending = `${visible('#ended-title')} ${visible('#ended-text')}`.trim();
  return {
    view: document.body.dataset['view'] ?? '',
    problem: visible('#problem'),
    joinStatus: visible('#join-status'),
    ending,
    id: client?.id ?? null,
    state: client?.state ?? 'idle',
    tiles: all('#tiles .tile').map((tile) => ({
      participant: tile.dataset['participant'] ?? '',
      kind: /** @type {TileLook['kind']} */ (
        ['own', 'screen'].find((kind) => tile.classList.contains(kind)) ?? 'camera'
      ),
      words: tile.getAttribute('aria-label') ?? '',
      note: isShown(tile.querySelector('.note'))
        ? (tile.querySelector('.note')?.textContent ?? '')
        : '',
      state: tile.dataset['state'] ?? '',
      isMuted: isShown(tile.querySelector('.muted-icon')),
      isSpeaking: tile.dataset['speaking'] === 'true',
    })),
    people: all('#people-list [data-participant]')
      .filter((row) => row.dataset['participant'] !== 'own')
      .map((row) => ({
        id: row.dataset['participant'] ?? '',
        name: row.querySelector('.person-name')?.textContent ?? '',
        states: [...row.querySelectorAll('.state-icon')].map(
          (icon) => icon.getAttribute('aria-label') ?? '',
        ),
      })),
    banners: Object.fromEntries(
      all('#banners .banner').map((banner) => [
        banner.dataset['topic'] ?? '',
        banner.querySelector('.banner-text')?.textContent ?? '',
      ]),
    ),
    notes: all('#notes > *').map((note) => note.textContent ?? ''),
    buttons: Object.fromEntries(
      all('#controls button[data-state]').map((button) => [
        button.id,
        button.dataset['state'] ?? '',
      ]),
    ),
    unread: isShown(document.querySelector('#chat-unread'))
      ? (document.querySelector('#chat-unread')?.getAttribute('data-count') ?? '')
      : '',
    chat: all('#chat-log .chat-entry').map((entry) => ({
      from: entry.dataset['from'] ?? '',
      text: entry.querySelector('.chat-text')?.textContent ?? '',
      isPrivate: entry.dataset['private'] === 'true',
    })),
    chatProblem: visible('#chat-problem'),
  };
}
