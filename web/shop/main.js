// The shop page of one sale: puts the parts together. Each module beside this one has one job.
import { NoAnswer } from '../shared/http.js';
import { becomeSomebodyElse, findBuyer, isDemo, logOut } from './buyer.js';
import { Clock } from './clock.js';
import { isLive, Model } from './model.js';
import { Orders } from './orders.js';
import { PressRecord } from './press.js';
import { Sender } from './sender.js';
import { Stream } from './stream.js';
import { View } from './view.js';
import { loadWords } from './words.js';

const DRAW_EVERY_MS = 250;
const DRAW_COUNTDOWN_EVERY_MS = 40; // so that its seconds change on the second
const CLOCK_EVERY_MS = 60_000;
const STAND_BEHIND_MS = 1_000;
const SPREAD_MS = 3_000; // what all pages would ask at the same instant they ask within this time

const sale = decodeURIComponent(location.pathname.split('/')[2]);
const clock = new Clock();
const model = new Model();
const [words, buyer] = await Promise.all([loadWords(), findBuyer()]);
const orders = new Orders(sale, buyer);
const record = new PressRecord(sale, buyer.id);
// Not known yet is never, so that an armed press waits for it.
const opensAt = () => (model.sale ? model.opensAt() ?? 0 : Infinity);
const sender = new Sender({ sale, buyer, record, clock, opensAt, tell: (reason) => {
  model.waitReason = reason;
  draw();
} });
const view = new View(words, buyer, isDemo, { press, disarm, pay, leave, choose, becomeSomebodyElse, logOut });

model.signedIn = buyer.id !== null;
model.strangerFailed = buyer.failed;

function draw() {
  view.render(model, clock.now());
}

/** Runs a call; a network that fails is shown and is no error. */
async function tried(call) {
  try {
    const answer = await call();
    model.contact = true;
    return answer;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    model.contact = false;
    return null;
  } finally {
    draw();
  }
}

async function askOrders() {
  const answer = await tried(() => orders.mine());
  if (answer?.status === 401 || answer?.status === 403) model.signedIn = false;
  if (answer?.status !== 200) return;
  for (const order of answer.body.orders) model.setOrder(order);
  model.ordersKnown = true;
}

async function askSale() {
  const answer = await tried(() => orders.sale());
  if (answer?.status === 404 && answer.body?.code === 'unknown_sale') model.unknownSale = true;
  if (answer?.status === 200) model.setSale(answer.body);
}

/** Everything once: at the start, and where the stream cannot be had. The buyer's orders come first. */
async function poll() {
  await Promise.all([askOrders(), askSale()]);
  draw();
}

/** An order that an answer brought. */
function take(order) {
  model.setOrder(order);
  stream.retarget(order);
  draw();
}

async function askOrder(id) {
  const answer = await tried(() => orders.order(id));
  if (answer?.status === 200) take(answer.body);
  return answer;
}

async function press(items) {
  const does = model.button(clock.now());
  if (does !== 'send' && does !== 'arm') return;
  model.pressed = true;
  model.chosenId = null;
  // What was on the page when it was pressed: an order that comes while this waits is no reason for a second.
  const known = new Set(model.orders.keys());
  model.press = await record.begin(items, does === 'arm' ? 'armed' : 'sent', known, clock.now());
  draw();
  await follow();
}

/** Goes on with the press that the tabs share, wherever it was made. */
async function follow() {
  model.press = record.get();
  draw();
  if (model.pressing()) {
    const answer = await sender.drive();
    if (answer?.order) take(answer.order);
    for (const order of answer?.refusal?.orders ?? []) take(order);
    if (answer?.refusal?.code === 'unauthenticated') model.signedIn = false;
    model.press = record.get();
    draw();
  }
  if (model.press?.status === 'accepted' && !model.orders.has(model.press.order)) await askOrder(model.press.order);
}

async function disarm() {
  await record.disarm();
  model.press = record.get();
  draw();
}

/** A call on the shown order. Where no answer comes, the order itself says what has become of it. */
async function act(working, call, remarkIfNot) {
  const { id, seq } = model.order();
  Object.assign(model, { working, workingUnknown: false, remark: null, pressed: true });
  draw();
  let answer = await tried(() => call(id));
  const known = () => answer !== null && answer.status < 500;
  for (let pause = 500; !known(); pause = Math.min(2 * pause, 4_000)) {
    model.workingUnknown = true;
    draw();
    await new Promise((wake) => setTimeout(wake, pause));
    answer = await askOrder(id);
    if (known() && answer.body?.seq === seq) model.remark = remarkIfNot;
  }
  Object.assign(model, { working: null, workingUnknown: false });
  if (answer.status >= 300) return askOrder(id);
  take(answer.body);
  if (working === 'paying' && answer.body.state === 'held' && answer.body.seq > seq) model.remark = 'declined';
  draw();
}

function pay(token) {
  return act('paying', (id) => orders.pay(id, token), 'payAgain');
}

function leave() {
  return act('leaving', (id) => orders.leave(id), 'stillYours');
}

function choose(id) {
  model.chosenId = id;
  draw();
}

/** What the stream says. The end of a sale has more to tell than its event. */
async function heard(event, data) {
  model.hear(event, data);
  if (event === 'order') stream.retarget(null);
  draw();
  if (event === 'state' && (data.sold_out || data.state === 'closed')) setTimeout(askSale, Math.random() * SPREAD_MS);
}

/** The clock matters to who waits for the opening or has an order that ends. */
async function keepTime() {
  const stepped = clock.stepped();
  if (stepped && model.sale) poll();
  const order = model.order();
  const matters = model.saleState(clock.now()) === 'scheduled' || (order !== null && isLive(order));
  if (stepped || !clock.known) await clock.sample(5);
  else if (matters) await clock.sample(1);
}

const stream = new Stream({
  sale, buyer, heard, poll,
  target: () => (model.signedIn && model.order() && isLive(model.order()) ? model.order().id : null),
  contact: (ok) => {
    model.contact = ok;
  },
});

// The tab that was pressed sends; this one stands behind it, should it be closed.
record.onChange(() => {
  model.press = record.get();
  setTimeout(follow, model.pressing() ? STAND_BEHIND_MS : 0);
  draw();
});
addEventListener('visibilitychange', () => {
  if (!document.hidden) keepTime();
});
addEventListener('offline', () => {
  model.contact = false;
  draw();
});
function drawOnAndOn() {
  draw();
  const counting = model.saleState(clock.now()) === 'scheduled' || model.order()?.state === 'held';
  setTimeout(drawOnAndOn, counting ? DRAW_COUNTDOWN_EVERY_MS : DRAW_EVERY_MS);
}
drawOnAndOn();
setInterval(keepTime, CLOCK_EVERY_MS);

await Promise.all([poll(), clock.sample(5)]);
record.dropStale(clock.now(), model.opensAt());
stream.retarget(null);
await follow();
