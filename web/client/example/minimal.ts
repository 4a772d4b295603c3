import { IrisClient, openDevices } from '@iris/client';

const query = new URLSearchParams(location.search);
const client = new IrisClient(`wss://${location.host}/v1/ws`);
const players = new Map<string, HTMLMediaElement>();

// A slot is a line that plays whoever the server gives it to: one element for each, for good.
client.on('slots', (slots) => {
  for (const { mid, track, state, participant } of slots) {
    const player = players.get(mid) ?? document.createElement(track.kind as 'audio' | 'video');
    players.set(mid, player);
    if ((player.srcObject as MediaStream | null)?.getTracks()[0] !== track) {
      player.srcObject = new MediaStream([track]);
      player.autoplay = true;
      document.body.append(player);
    }
    player.hidden = state !== 'live';
    player.title = client.participants.get(participant ?? '')?.name ?? '';
  }
});
client.on('reconnecting', ({ attempt }) => console.log(`connection lost, try ${attempt}`));
client.on('closed', ({ reason, detail }) => console.log(`ended: ${reason}. ${detail}`));
window.addEventListener('pagehide', () => void client.leave());

const { microphone, camera, errors } = await openDevices();
for (const error of errors) console.warn(error.message);
const room = query.get('room') ?? 'lobby';
const token = location.hash.replace('#token=', '');
await client.join({ room, name: 'Ada', token, microphone, camera });
