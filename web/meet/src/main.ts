/**
 * The conference page: a form, then the room, then the form again. Addresses like `/?room=lobby&name=Ada&autojoin=1`
 * fill in the form and submit it; `token` is handed to the server. `window.iris` is the client of the current or last
 * participation, for tests and for the curious.
 */
import { IrisClient, type Closed } from '@iris/client';
import { Controls } from './controls.js';
import { openDevices } from './devices.js';
import { byId } from './dom.js';
import { Meeting } from './meeting.js';
import { closedSentence, errorSentence } from './sentences.js';

declare global {
  interface Window {
    iris?: IrisClient;
  }
}

const query = new URLSearchParams(location.search);
const form = byId('join-form', HTMLFormElement);
const nameInput = byId('name', HTMLInputElement);
const roomInput = byId('room', HTMLInputElement);
const joinButton = byId('join', HTMLButtonElement);

const CONNECTION: Partial<Record<RTCPeerConnectionState, string>> = {
  connecting: 'Connecting audio and video …',
  connected: 'Connected',
  disconnected: 'The connection is interrupted …',
};

function setStatus(text: string): void {
  byId('status', HTMLElement).textContent = text;
}

function setProblem(text: string): void {
  const element = byId('problem', HTMLElement);
  element.textContent = text;
  element.hidden = text === '';
}

function showView(view: 'lobby' | 'meeting', room = ''): void {
  document.body.dataset['view'] = view;
  byId('room-title', HTMLElement).textContent = room;
  document.title = room ? `${room} · Iris` : 'Iris';
}

function controlChannel(): string {
  const url = new URL('/v1/ws', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

async function enter(name: string, room: string): Promise<void> {
  setProblem('');
  setStatus('Waiting for camera and microphone …');
  const devices = await openDevices();
  const { microphone, camera, problems } = devices;
  const client = new IrisClient(controlChannel());
  window.iris = client;
  const meeting = new Meeting(client, name, askForClick);
  const token = query.get('token');
  setStatus('Joining …');
  let ended: Closed | null = null;
  client.on('closed', (closed) => (ended = closed));
  client.on('media', (state) => setStatus(CONNECTION[state] ?? state));
  try {
    await client.join({ name, room, microphone, camera, ...(token ? { token } : {}) });
  } catch (error) {
    for (const track of [microphone, camera]) track?.stop();
    meeting.dispose();
    setStatus('');
    setProblem(joinSentence(error, ended));
    return;
  }
  // Shown without the devices that are missing; each can be added later by its button.
  if (problems.length > 0) setProblem(`${problems.join('\n')}\nYou joined without.`);
  showView('meeting', room);
  const controls = new Controls(client, devices, {
    onOwnChanged: (own, isMicrophoneOff) => meeting.setOwn(own, isMicrophoneOff),
    onProblem: setProblem,
  });
  const onClick = () => meeting.playAll();
  document.addEventListener('click', onClick);
  client.on('closed', (closed) => {
    document.removeEventListener('click', onClick);
    controls.dispose();
    meeting.dispose();
    backToLobby(closed);
  });
  byId('mic', HTMLButtonElement).focus();
}

/** A session that ended while it began says more than the request that failed by it. */
function joinSentence(error: unknown, ended: Closed | null): string {
  return ended && ended.reason !== 'join_failed'
    ? closedSentence(ended.reason)
    : errorSentence(error);
}

function backToLobby(closed: Closed): void {
  const sentence = closedSentence(closed.reason);
  showView('lobby');
  setStatus(closed.reason === 'left' ? sentence : '');
  setProblem(closed.reason === 'left' ? '' : sentence);
  joinButton.focus();
}

function askForClick(): void {
  setProblem('The browser plays no sound yet: click anywhere to hear the others.');
  document.addEventListener('click', () => setProblem(''), { once: true });
}

async function onSubmit(): Promise<void> {
  const name = nameInput.value.trim();
  const room = roomInput.value.trim();
  joinButton.disabled = true;
  localStorage.setItem('iris.name', name);
  // The address in the browser's bar becomes an invitation.
  history.replaceState(null, '', `?room=${encodeURIComponent(room)}`);
  await enter(name, room).catch((error: unknown) => setProblem(errorSentence(error)));
  joinButton.disabled = false;
}

nameInput.value = query.get('name') ?? localStorage.getItem('iris.name') ?? '';
roomInput.value = query.get('room') ?? 'lobby';
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void onSubmit();
});
window.addEventListener('pagehide', () => void window.iris?.leave());
(nameInput.value ? joinButton : nameInput).focus();
if (query.get('autojoin') === '1') form.requestSubmit();
