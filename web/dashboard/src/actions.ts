/** What an operator can do: asked for, done, and its outcome told. */
import { byId, setText } from '../../meet/src/dom.js';
import { dumpRoom, endRoom, removeParticipant, startDrain, type Drain } from './api.js';
import { confirm } from './confirm.js';
import { counted } from './units.js';

const OUTCOME_MS = 6000;
/** Names of files are copied. */
const FILES_MS = 60_000;
const MINUTE_MS = 60_000;
const PROPOSED_MINUTES = 10;

let fading: ReturnType<typeof setTimeout> | undefined;

/** What was told last goes. */
function clear(): void {
  clearTimeout(fading);
  setText(byId('outcome', HTMLElement), '');
  setText(byId('problem', HTMLElement), '');
}

byId('outcome-close', HTMLElement).addEventListener('click', clear);

/** What to say of the outcome, and for how long what was done. */
interface Words<T> {
  done: (result: T) => string;
  undone: string;
  doneMs?: number;
}

/** Do it, and tell. @returns whether it was done */
async function tell<T>(work: Promise<T>, { done, undone, doneMs }: Words<T>): Promise<boolean> {
  const [outcome, problem] = [byId('outcome', HTMLElement), byId('problem', HTMLElement)];
  clear();
  let isDone = true;
  try {
    setText(outcome, done(await work));
  } catch (error) {
    isDone = false;
    setText(problem, `${undone}: ${error instanceof Error ? error.message : String(error)}`);
  }
  fading = setTimeout(clear, isDone ? (doneMs ?? OUTCOME_MS) : OUTCOME_MS * 3);
  return isDone;
}

/** @returns whether somebody was removed */
export async function askAndRemove(room: string, id: string, name: string): Promise<boolean> {
  const answer = await confirm({
    title: `Remove ${name}?`,
    text: `${name} is disconnected from the room “${room}” at once, and may come back with a valid invitation.`,
    yes: 'Remove',
    isDangerous: true,
  });
  if (answer === null) return false;
  return tell(removeParticipant(room, id), {
    done: () => `${name} was removed.`,
    undone: `${name} was not removed`,
  });
}

/** @returns whether the room was ended */
export async function askAndEnd(room: string, people: number): Promise<boolean> {
  const answer = await confirm({
    title: `End the room “${room}”?`,
    text: `${counted(people, 'participant')} will be disconnected at once. Whoever has a valid invitation may open it again.`,
    yes: 'End the room',
    isDangerous: true,
  });
  if (answer === null) return false;
  return tell(endRoom(room), {
    done: () => `The room “${room}” was ended.`,
    undone: 'The room was not ended',
  });
}

/** Write down what the room's flight recorder holds: of one who complains, or of all. */
export async function askAndDump(
  room: string,
  people: readonly { id: string; name: string }[],
): Promise<void> {
  const answer = await confirm({
    title: `Dump the flight recorder of “${room}”?`,
    text: 'Headers of the last minute’s packets and what the server decided go to two files on the server, addresses and names included. Then the recorder begins anew.',
    yes: 'Dump',
    isDangerous: false,
    choice: {
      label: 'Packets that were sent to',
      options: [
        { value: '', text: 'everyone' },
        ...people.map(({ id, name }) => ({ value: id, text: `${name} only` })),
      ],
    },
  });
  if (answer === null) return;
  await tell(dumpRoom(room, answer === '' ? null : answer), {
    done: ({ pcapng, decisions }) => `Being written on the server: ${pcapng} and ${decisions}`,
    undone: 'The recorder was not dumped',
    doneMs: FILES_MS,
  });
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
    isDangerous: true,
    minutes: PROPOSED_MINUTES,
  });
  if (answer === null) return;
  const deadlineMs = answer === '' ? null : Number(answer) * MINUTE_MS;
  const work = startDrain(deadlineMs).then(onStarted);
  await tell(work, { done: () => 'The drain has begun.', undone: 'The drain has not begun' });
}
