/**
 * Plays any number of executors, each a websocket to its miner: a process beside the miner, for tests of many. Those that
 * get a job say at once that it went well. `SocketExecutors` in the miner tells it on HORDE_LOAD_SOCKET whom to play; who
 * has forked it may ask how many are connected, have all wait before they connect, and let them.
 */
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

interface Order {
  op: 'start' | 'stop';
  token: string;
  executorClass: string;
  minerAddress: string;
}

/** How many are connected now, and the fewest that were since the last question, by class. */
export type Counts = Record<string, { connected: number; fewest: number }>;

const counts: Counts = {};
const sockets = new Map<string, WebSocket>();
let manager: Socket | null = null;
/** Those that wait; null: nobody has to. */
let held: Order[] | null = null;

createServer((socket) => {
  manager = socket;
  socket.on('error', () => undefined).on('close', () => (manager = null));
  const orders = createInterface({ input: socket }).on('error', () => undefined);
  orders.on('line', (line) => {
    const order = JSON.parse(line) as Order;
    if (order.op === 'start' && held) held.push(order);
    else if (order.op === 'start') play(order);
    else if (sockets.has(order.token)) sockets.get(order.token)!.close(1000);
    else exited(order.token, 0);
  });
}).listen(process.env['HORDE_LOAD_SOCKET']!, () => process.send!('listening'));

process.on('message', (word) => {
  switch (word) {
    case 'count':
      process.send!(counts);
      for (const count of Object.values(counts)) count.fewest = count.connected;
      return;
    case 'hold':
      held = [];
      return;
    case 'release':
      held?.splice(0).forEach(play);
      held = null;
  }
});
process.on('disconnect', () => process.exit(0));

function play({ token, executorClass, minerAddress }: Order): void {
  const warm = token.startsWith('warm-') ? ', warm-1' : '';
  const socket = new WebSocket(`${minerAddress}/v0.1/executor_interface/${token}`, {
    headers: { 'X-Horde-Extensions': `durable-1, cancel-1${warm}` },
    perMessageDeflate: false,
  });
  sockets.set(token, socket);
  const count = (counts[executorClass] ??= { connected: 0, fewest: 0 });
  let job = '';
  let said = 0;
  let isDone = false;
  const say = (message_type: string, more: object = {}) =>
    socket.send(
      `["message","${job}",${++said}]\n${JSON.stringify({ message_type, job_uuid: job, ...more })}`,
    );
  socket.on('open', () => count.connected++);
  socket.on('message', (data: Buffer) => {
    const text = data.toString('utf8');
    const [word, uuid, number] = JSON.parse(text.split('\n', 1)[0]!) as [string, string, number];
    if (word === 'ack' && isDone && number === said) socket.close(1000);
    if (word !== 'message') return;
    job = uuid;
    socket.send(JSON.stringify(['ack', job, number]));
    if (text.includes('"V0InitialJobRequest"')) say('V0ExecutorReadyRequest');
    if (!text.includes('"V0JobRequest"')) return;
    isDone = true;
    say('V0VolumesReadyRequest');
    say('V0ExecutionDoneRequest');
    say('V0JobFinishedRequest', { docker_process_stdout: 'done\n', docker_process_stderr: '' });
  });
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    sockets.delete(token);
    count.fewest = Math.min(count.fewest, --count.connected);
    exited(token, isDone || code === 1000 ? 0 : 1);
  });
}

const exited = (token: string, code: number) => manager?.write(`${JSON.stringify({ token, code })}\n`);
