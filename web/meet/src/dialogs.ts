/** The dialogs: keyboard help, settings, and the question before someone is removed. */
import { byId, make, setText } from './dom.js';
import { SHORTCUTS } from './keyboard.js';

/** Show the list of shortcuts. */
export function openHelp(): void {
  const list = byId('help-list', HTMLElement);
  if (list.children.length === 0) {
    for (const { key, words } of SHORTCUTS) {
      list.append(make('div', '', make('dt', '', make('kbd', '', key)), make('dd', '', words)));
    }
  }
  open('help-dialog');
}

/** Show the settings. */
export function openSettings(): void {
  open('settings-dialog');
}

/** Close whatever dialog is open, without an answer. */
export function closeDialogs(): void {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>('dialog[open]')) dialog.close();
}

/** Ask before someone is removed. @returns the reason (may be empty), or null if it shall not be */
export function confirmRemoval(name: string): Promise<string | null> {
  const dialog = byId('confirm-dialog', HTMLDialogElement);
  const reason = byId('confirm-reason', HTMLInputElement);
  setText(byId('confirm-title', HTMLElement), `Remove ${name}?`);
  const text = `${name} leaves the meeting at once, and may come back with a valid invitation.`;
  setText(byId('confirm-text', HTMLElement), text);
  reason.value = '';
  dialog.returnValue = 'no';
  open('confirm-dialog');
  return new Promise((resolve) => {
    const onClose = () => resolve(dialog.returnValue === 'yes' ? reason.value.trim() : null);
    dialog.addEventListener('close', onClose, { once: true });
  });
}

function open(id: string): void {
  const dialog = byId(id, HTMLDialogElement);
  if (!dialog.open) dialog.showModal();
}
