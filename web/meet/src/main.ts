/**
 * The conference page: the lobby, the meeting, the end, and the lobby again. Addresses look like
 * `/?room=lobby#token=JWT`; `name` and `autojoin=1` in the query are for tests and for kiosks. `window.iris` is the
 * client of the current or last participation, for tests and for the curious.
 */
import { IrisClient, type Closed } from '@iris/client';
import { DeviceForm } from './device-form.js';
import { byId, setText } from './dom.js';
import { invitationLink, readInvitation } from './invitation.js';
import { Lobby, type Entry } from './lobby.js';
import { LocalMedia } from './local-media.js';
import { Meeting } from './meeting.js';
import { endingOf, errorSentence } from './sentences.js';
import { tell } from './banner.js';

declare global {
  interface Window {
    iris?: IrisClient;
  }
}

/** After this long a join is more than a blink, and its cause worth a sentence [ms]. */
const SLOW_JOIN_MS = 3_000;

const invitation = readInvitation(location.search, location.hash);
const local = new LocalMedia();
const lobby = new Lobby(
  local,
  invitation,
  (entry) => void join(entry),
  () => joining?.abort(),
);
let joining: AbortController | null = null;
let meeting: Meeting | null = null;
let lastEntry: Entry | null = null;

function showView(view: 'lobby' | 'meeting' | 'ended', room = ''): void {
  document.body.dataset['view'] = view;
  setText(byId('room-title', HTMLElement), room);
  document.title = room ? `${room} · Iris` : 'Iris';
}

function controlChannel(): string {
  const url = new URL('/v1/ws', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

async function join(entry: Entry): Promise<void> {
  if (joining || meeting) return;
  const abort = new AbortController();
  joining = abort;
  lastEntry = entry;
  // The address in the browser's bar is where a reload comes back to.
  const address = `?room=${encodeURIComponent(entry.room)}${location.hash}`;
  history.replaceState(null, '', address);
  lobby.setJoining(true, 'Waiting for camera and microphone …');
  await local.settled;
  lobby.setJoining(true, 'Connecting …');
  const slow = setTimeout(() => {
    lobby.setJoining(true, 'The server is busy or slow to answer. Still trying …');
  }, SLOW_JOIN_MS);
  const client = new IrisClient(controlChannel());
  window.iris = client;
  try {
    await enter(client, entry, abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) lobby.setProblem(errorSentence(error));
  } finally {
    clearTimeout(slow);
    joining = null;
    lobby.setJoining(false, '');
  }
}

async function enter(client: IrisClient, entry: Entry, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { token } = invitation;
  await client.join({
    ...entry,
    microphone: local.track('microphone'),
    camera: local.track('camera'),
    signal,
    ...(token ? { token } : {}),
  });
  client.on('closed', onClosed);
  lobby.sleep();
  showView('meeting', entry.room);
  byId('invite', HTMLElement).hidden = token !== null;
  byId('alone-invite', HTMLElement).hidden = token !== null;
  byId('audio-only', HTMLInputElement).checked = false;
  meeting = new Meeting(client, local, entry.name);
}

function onClosed(closed: Closed): void {
  meeting?.dispose();
  meeting = null;
  local.release();
  const ending = endingOf(closed);
  showView('ended');
  document.body.dataset['reason'] = closed.reason;
  setText(byId('ended-title', HTMLElement), ending.title);
  setText(byId('ended-text', HTMLElement), ending.sentence);
  byId('ended-title', HTMLElement).focus();
}

function toLobby(): void {
  showView('lobby');
  lobby.wake();
}

/** The same room and name; devices are opened again first. */
function rejoin(): void {
  toLobby();
  if (lastEntry) void join(lastEntry);
}

async function copyInvitation(): Promise<void> {
  const link = invitationLink(location.origin, lastEntry?.room ?? '');
  try {
    await navigator.clipboard.writeText(link);
    tell('The invitation was copied: paste it wherever you like.');
  } catch {
    tell(`Invite others by this address: ${link}`);
  }
}

new DeviceForm(byId('settings-devices', HTMLElement), 'settings', local, (id) => {
  meeting?.setSpeaker(id);
});
byId('rejoin', HTMLElement).addEventListener('click', rejoin);
byId('to-lobby', HTMLElement).addEventListener('click', toLobby);
for (const id of ['invite', 'alone-invite']) {
  byId(id, HTMLElement).addEventListener('click', () => void copyInvitation());
}
window.addEventListener('pagehide', () => void window.iris?.leave());
// Another invitation in the same tab: the fragment alone does not load the page anew.
window.addEventListener('hashchange', () => {
  if (!meeting) location.reload();
});
lobby.wake();
if (invitation.isAutojoin) byId('join-form', HTMLFormElement).requestSubmit();
