/** Ask before anything is done that cannot be undone. Cancel has the focus. */
import { byId, setText } from '../../meet/src/dom.js';

export interface Question {
  title: string;
  text: string;
  yes: string;
  /** Ask for a number of minutes as well, and propose this one. */
  minutes?: number;
}

/** @returns the minutes as they were typed (empty without the field), or null: no */
export function confirm(question: Question): Promise<string | null> {
  const dialog = byId('confirm-dialog', HTMLDialogElement);
  const minutes = byId('confirm-minutes', HTMLInputElement);
  setText(byId('confirm-title', HTMLElement), question.title);
  setText(byId('confirm-text', HTMLElement), question.text);
  setText(byId('confirm-yes', HTMLElement), question.yes);
  byId('confirm-field', HTMLElement).hidden = question.minutes === undefined;
  minutes.value = question.minutes === undefined ? '' : String(question.minutes);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    const onClose = () => resolve(dialog.returnValue === 'yes' ? minutes.value : null);
    dialog.addEventListener('close', onClose, { once: true });
  });
}
