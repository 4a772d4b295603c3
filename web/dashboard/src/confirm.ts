/** Ask before anything is done that matters. Cancel has the focus. */
import { byId, make, setText } from '../../meet/src/dom.js';

export interface Question {
  title: string;
  text: string;
  yes: string;
  /** It cannot be undone. */
  isDangerous: boolean;
  /** Ask for a number of minutes as well, and propose this one. */
  minutes?: number;
  /** Ask to choose one as well; the first is proposed. */
  choice?: { label: string; options: { value: string; text: string }[] };
}

function showFields({ minutes, choice }: Question): void {
  const select = byId('confirm-select', HTMLSelectElement);
  byId('confirm-field', HTMLElement).hidden = minutes === undefined;
  byId('confirm-minutes', HTMLInputElement).value = minutes === undefined ? '' : String(minutes);
  byId('confirm-choice', HTMLElement).hidden = choice === undefined;
  setText(byId('confirm-choice-label', HTMLElement), choice?.label ?? '');
  select.replaceChildren(
    ...(choice?.options ?? []).map(({ value, text }) => {
      const option = make('option', '', text);
      option.value = value;
      return option;
    }),
  );
}

/** @returns what was typed or chosen (empty without a field), or null: no */
export function confirm(question: Question): Promise<string | null> {
  const dialog = byId('confirm-dialog', HTMLDialogElement);
  const yes = byId('confirm-yes', HTMLElement);
  setText(byId('confirm-title', HTMLElement), question.title);
  setText(byId('confirm-text', HTMLElement), question.text);
  setText(yes, question.yes);
  yes.classList.toggle('danger', question.isDangerous);
  showFields(question);
  const field = question.choice
    ? byId('confirm-select', HTMLSelectElement)
    : byId('confirm-minutes', HTMLInputElement);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    const onClose = () => resolve(dialog.returnValue === 'yes' ? field.value : null);
    dialog.addEventListener('close', onClose, { once: true });
  });
}
