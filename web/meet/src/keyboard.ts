/** Keyboard shortcuts: which key means what, where they hold, and the list that the help dialog shows. */

/** What a key can ask for. */
export type Command = 'microphone' | 'camera' | 'screen' | 'chat' | 'people' | 'close' | 'help';

/** Key, command and the words of the help dialog. */
export const SHORTCUTS: readonly { key: string; command: Command; words: string }[] = [
  { key: 'M', command: 'microphone', words: 'Mute or unmute your microphone' },
  { key: 'V', command: 'camera', words: 'Turn your camera on or off' },
  { key: 'S', command: 'screen', words: 'Share your screen or stop sharing' },
  { key: 'C', command: 'chat', words: 'Open or close the chat' },
  { key: 'P', command: 'people', words: 'Open or close the list of people' },
  { key: 'Escape', command: 'close', words: 'Close what is open' },
  { key: '?', command: 'help', words: 'Show this help' },
];

/** The parts of a KeyboardEvent that matter. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
}

/**
 * The command of a key press, or null.
 *
 * @param isTyping  whether the focus is where letters are text; then only Escape is a command
 */
export function commandOf(press: KeyPress, isTyping: boolean): Command | null {
  if (press.ctrlKey || press.altKey || press.metaKey || press.repeat) return null;
  const key = press.key.length === 1 ? press.key.toUpperCase() : press.key;
  const command = SHORTCUTS.find((shortcut) => shortcut.key === key)?.command ?? null;
  return isTyping && command !== 'close' ? null : command;
}

/** Whether letters typed into `element` are text, or choose in a list. */
export function isTextField(element: Element | null): boolean {
  return element?.closest('input, textarea, select, [contenteditable]') != null;
}

/**
 * Run commands as keys are pressed, until `signal` is aborted. While a dialog is open its own keys hold.
 *
 * @param run  returns whether the command did something
 */
export function listenToKeys(run: (command: Command) => boolean, signal: AbortSignal): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const command = commandOf(event, isTextField(document.activeElement));
    if (command && run(command)) event.preventDefault();
  };
  document.addEventListener('keydown', onKey, { signal });
}
