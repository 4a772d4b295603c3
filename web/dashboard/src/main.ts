/** The operators' page: the stream and the answers go into the store, the view of the address is drawn from it. */
import { byId, setText } from '../../meet/src/dom.js';
import { askAndDrain } from './actions.js';
import { type Drain, getDrain, getWorkers } from './api.js';
import { FactsStrip } from './facts-strip.js';
import { NodeView } from './node-view.js';
import { drawNotices } from './notices.js';
import { Poller } from './poller.js';
import { RoomView } from './room-view.js';
import { RoomsView } from './rooms-view.js';
import { type Route, routeOf } from './route.js';
import { Store } from './store.js';
import { EventStream } from './stream.js';

const WORKERS_EVERY_MS = 2000;
const CLOCK_MS = 1000;

const TITLES = { rooms: 'rooms-title', node: 'node-title', room: 'room-title' };

const store = new Store();
const facts = new FactsStrip();
const roomsView = new RoomsView(scheduleDraw);
const nodeView = new NodeView();
const roomView = new RoomView(store, scheduleDraw);
let route: Route = routeOf(location.hash);
let isScheduled = false;

/** Once a frame at most, and not at all while the page is hidden. */
function scheduleDraw(): void {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    draw(Date.now());
  });
}

function draw(nowMs: number): void {
  drawNotices(store, nowMs);
  setText(byId('node-name', HTMLElement), store.node?.name ?? '');
  facts.draw(store);
  if (route.view === 'rooms') roomsView.draw(store, nowMs);
  if (route.view === 'node') nodeView.draw(store);
  if (route.view === 'room') roomView.draw(nowMs);
  const isLive = store.connection.phase === 'live';
  byId('drain', HTMLButtonElement).disabled = !isLive;
  const what = route.view === 'room' ? route.room : route.view === 'node' ? 'Node' : 'Rooms';
  const title = [what, store.node?.name ?? '', 'Iris'].filter((part) => part !== '').join(' – ');
  if (document.title !== title) document.title = title;
}

/** @param isByUser then the focus goes to the heading of the view, as on a page that was loaded */
function go(isByUser: boolean): void {
  route = routeOf(location.hash);
  document.body.dataset['view'] = route.view;
  for (const view of ['rooms', 'node'] as const) {
    const link = byId(`to-${view}`, HTMLElement);
    if (route.view === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  roomView.show(route.view === 'room' ? route.room : null);
  roomView.setLive(store.connection.phase === 'live');
  draw(Date.now());
  if (!isByUser) return;
  scrollTo(0, 0);
  byId(TITLES[route.view], HTMLElement).focus({ preventScroll: true });
}

const workers = new Poller({
  everyMs: WORKERS_EVERY_MS,
  ask: getWorkers,
  onAnswer: (answer) => {
    store.onWorkers(answer.node, answer.workers, Date.now());
    scheduleDraw();
  },
  onError: () => undefined, // the stream tells when the server is away
});

function onDrain(drain: Drain): void {
  store.onDrain(drain, Date.now());
  scheduleDraw();
}

/** Questions are asked only while the server is known to be there. */
function setLive(isLive: boolean): void {
  roomView.setLive(isLive);
  if (!isLive) {
    workers.stop();
    return;
  }
  workers.start();
  getDrain().then(onDrain, () => undefined); // it may have begun before; changes are events
}

const stream = new EventStream({
  onEvent: (name, data) => {
    store.onEvent(name, data, Date.now());
    scheduleDraw();
  },
  onState: (connection) => {
    store.connection = connection;
    setLive(connection.phase === 'live');
    scheduleDraw();
  },
});

byId('retry-now', HTMLElement).addEventListener('click', () => stream.retryNow());
byId('drain', HTMLElement).addEventListener('click', () => {
  void askAndDrain(store.node?.participants ?? 0, onDrain);
});
byId('skip', HTMLElement).addEventListener('click', (event) => {
  event.preventDefault(); // the address is the view's
  byId('main', HTMLElement).focus();
});
addEventListener('hashchange', () => go(true));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', scheduleDraw);
setInterval(scheduleDraw, CLOCK_MS); // ages and waiting times
go(false);
void stream.start();
