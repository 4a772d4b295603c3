/** What an operator can do: asked for, done, and its outcome told. */
import { byId, setText } from '../../meet/src/dom.js';
import { endRoom, removeParticipant, startDrain, type Drain } from './api.js';
import { confirm } from './confirm.js';
import { counted } from './units.js';

const OUTCOME_MS = 6000;
const MINUTE_MS = 60_000;
const PROPOSED_MINUTES = 10;

let fading: ReturnType<typeof setTimeout> | undefined;

/** Do it, and tell. @returns whether it was done */
async function tell(work: Promise<unknown>, done: string, undone: string): Promise<boolean> {
  const [outcome, problem] = [byId('outcome', HTMLElement), byId('problem', HTMLElement)];
  clearTimeout(fading);
  setText(outcome, '');
  setText(problem, '');
  let isDone = true;
  try {
    await work;
    setText(outcome, done);
  } catch (error) {
    isDone = false;
    setText(problem, `${undone}: ${error instanceof Error ? error.message : String(error)}`);
  }
  fading = setTimeout(
    () => {
      setText(outcome, '');
      setText(problem, '');
    },
    OUTCOME_MS * (isDone ? 1 : 3),
  );
  return isDone;
}

/** @returns whether somebody was removed */
export async function askAndRemove(room: string, id: string, name: string): Promise<boolean> {
  const answer = await confirm({
    title: `Remove ${name}?`,
    text: `${name} is disconnected from the room “${room}” at once, and may come back with a valid invitation.`,
    yes: 'Remove',
  });
  if (answer === null) return false;
  return tell(removeParticipant(room, id), `${name} was removed.`, `${name} was not removed`);
}

/** @returns whether the room was ended */
export async function askAndEnd(room: string, people: number): Promise<boolean> {
  const answer = await confirm({
    title: `End the room “${room}”?`,
    text: `${counted(people, 'participant')} will be disconnected at once. Whoever has a valid invitation may open it again.`,
    yes: 'End the room',
  });
  if (answer === null) return false;
  return tell(endRoom(room), `The room “${room}” was ended.`, 'The room was not ended');
}

/** @param onStarted gets the first report */
export async function askAndDrain(
  people: number,
  onStarted: (drain: Drain) => void,
): Promise<void> {
  const answer = await confirm({
    title: 'Drain this node?',
    text: `It takes no joins any more, tells ${counted(people, 'participant')} to leave, disconnects who is still there when the time is over, and ends. This cannot be undone.`,
    yes: 'Drain',
    minutes: PROPOSED_MINUTES,
  });
  if (answer === null) return;
  const deadlineMs = answer === '' ? null : Number(answer) * MINUTE_MS;
  const work = startDrain(deadlineMs).then(onStarted);
  await tell(work, 'The drain has begun.', 'The drain has not begun');
}
