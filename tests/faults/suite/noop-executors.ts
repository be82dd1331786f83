/**
 * Plays any number of executors, each a websocket to its miner that is opened again when it breaks: a process of its own,
 * which outlives miners. They run nothing: a job's output and exit code are read off its arguments. `NoopManager` in the
 * miner tells it on HORDE_FAULTS_SOCKET whom to play.
 */
import { appendFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

interface Order {
  op: 'start' | 'stop' | 'recover';
  token: string;
  minerAddress: string;
}

const players = new Map<string, Player>();
let manager: Socket | null = null;

createServer((socket) => {
  manager = socket;
  socket.on('error', () => undefined);
  createInterface({ input: socket })
    .on('error', () => undefined)
    .on('line', (line) => obey(JSON.parse(line) as Order));
}).listen(process.env['HORDE_FAULTS_SOCKET']!, () => process.send!('listening'));
process.on('disconnect', () => process.exit(0));

function obey({ op, token, minerAddress }: Order): void {
  if (op === 'start') players.set(token, new Player(token, minerAddress));
  if (op === 'recover') tell({ token, running: players.has(token) });
  if (op !== 'stop') return;
  if (players.has(token)) players.get(token)!.leave(0);
  else tell({ token, code: 0 });
}

const tell = (news: object): void => void manager?.write(`${JSON.stringify(news)}\n`);

/** One executor: what it has said is kept until it is acknowledged. */
class Player {
  private job = '';
  /** The number of the miner's last message that was taken. */
  private taken = 0;
  private readonly said: string[] = [];
  /** The last that was sent on this connection; null: the miner has not said yet where to begin. */
  private sent: number | null = null;
  private done = false;
  private hasLeft = false;
  private socket!: WebSocket;

  private readonly token: string;
  private readonly address: string;

  constructor(token: string, address: string) {
    this.token = token;
    this.address = address;
    this.connect();
  }

  leave(code: number): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    players.delete(this.token);
    this.socket.close(1000);
    tell({ token: this.token, code });
  }

  private connect(): void {
    const warm = this.token.startsWith('warm-') ? ', warm-1' : '';
    this.sent = null;
    this.socket = new WebSocket(`${this.address}/v0.1/executor_interface/${this.token}`, {
      headers: { 'X-Horde-Extensions': `durable-1${warm}` },
      perMessageDeflate: false,
    });
    this.socket.on(
      'open',
      () => this.job && this.socket.send(JSON.stringify(['resume', this.job, this.taken])),
    );
    this.socket.on('message', (data: Buffer) => this.hear(data.toString('utf8')));
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code) => {
      if (this.hasLeft) return;
      if (code === 1000) this.leave(0);
      else setTimeout(() => this.hasLeft || this.connect(), 200 + Math.random() * 800);
    });
  }

  private hear(text: string): void {
    if (!text.startsWith('[')) return void (text.includes('GenericError') && this.leave(1));
    const [word, job, number] = JSON.parse(text.split('\n', 1)[0]!) as [string, string, number];
    if (this.job !== '' && job !== this.job) return;
    if (word === 'ack' && this.done && number === this.said.length) this.leave(0);
    if (word === 'resume' && this.sent === null) {
      this.sent = number;
      if (this.done && number === this.said.length) this.leave(0);
      this.flush();
    }
    if (word !== 'message') return;
    if (this.job === '') this.sent = 0;
    this.job = job;
    if (number > this.taken) this.take(JSON.parse(text.slice(text.indexOf('\n') + 1)) as Frame);
    this.taken = Math.max(this.taken, number);
    this.socket.send(JSON.stringify(['ack', job, number]));
  }

  private take({ message_type, docker_run_cmd = [] }: Frame): void {
    if (message_type === 'V0InitialJobRequest') this.say('V0ExecutorReadyRequest');
    if (message_type !== 'V0JobRequest') return;
    appendFileSync(process.env['HORDE_FAULTS_STARTS']!, `${this.job}\n`);
    this.say('V0VolumesReadyRequest');
    const [exitCode, lines] = docker_run_cmd.slice(-2).map(Number) as [number, number];
    setTimeout(() => this.end(exitCode, lines), lines * 100);
  }

  private end(exitCode: number, lines: number): void {
    const printed = Array.from({ length: lines }, (_, at) => `line ${at + 1} of ${lines}\n`).join('');
    const streams = { docker_process_stdout: printed, docker_process_stderr: '' };
    this.done = true;
    if (exitCode !== 0)
      return this.say('V0JobFailedRequest', {
        ...streams,
        reason: 'nonzero_return_code',
        stage: 'execution',
        message: `The job ended with exit code ${exitCode}.`,
        docker_process_exit_status: exitCode,
      });
    this.say('V0ExecutionDoneRequest');
    this.say('V0JobFinishedRequest', streams);
  }

  private say(message_type: string, more: object = {}): void {
    this.said.push(JSON.stringify({ message_type, job_uuid: this.job, ...more }));
    this.flush();
  }

  private flush(): void {
    if (this.sent === null || this.socket.readyState !== WebSocket.OPEN) return;
    for (; this.sent < this.said.length; this.sent++)
      this.socket.send(`["message","${this.job}",${this.sent + 1}]\n${this.said[this.sent]}`);
  }
}

interface Frame {
  message_type: string;
  docker_run_cmd?: string[];
}
