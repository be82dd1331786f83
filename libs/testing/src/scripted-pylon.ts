import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A neuron of a scripted chain. */
interface ScriptedNeuron {
  hotkey: string;
  /** Where it can be reached on this machine; null: it has announced nothing. */
  port: number | null;
  /** With any it may validate. @unit alpha */
  stake?: number;
}

/** A Pylon that knows these neurons, the same at every block, and when blocks were made. */
export class ScriptedPylon {
  neurons: ScriptedNeuron[] = [];
  /** By hotkey. */
  commitments: Record<string, string> = {};
  /** The own certificate's public key, hex; null: there is none. */
  certificate: string | null = null;
  /** It makes no certificate, and says so. */
  makesNone = false;
  /** The newest block. */
  head = 100;
  /** Older blocks than this are not there any more. */
  oldest = 0;
  /** From this block on it has another history. */
  fork = Infinity;
  /** How long each block takes. @unit ms */
  blockTime = 12_000;
  /** It answers nothing but 500. */
  fails = false;
  /** How often a block's time was asked for. */
  readonly timesAsked = new Map<number, number>();
  /** How often all neurons were asked for. */
  neuronsAsked = 0;

  /** It answers 403 where it is asked for what is in an older block. */
  refusedBelow = 0;
  private readonly http: Server = createServer((request, response) => this.answer(request, response));

  get address(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.http.listen(0, '127.0.0.1', resolve));
  }

  stop(): Promise<unknown> {
    this.http.closeAllConnections();
    return new Promise((resolve) => this.http.close(resolve));
  }

  /** When a block was made; the first one at the beginning of 2026. @unit ms since 1970 */
  time(block: number): number {
    return Date.UTC(2026) + block * this.blockTime + (block >= this.fork ? 1 : 0);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url!;
    request.resume();
    if (url.includes('/certificates/')) return this.answerCertificate(request, response);
    const [, name = 'latest', what] = /block\/(\w+)(?:\/(\w+))?/.exec(url) ?? [];
    const number = name === 'latest' ? this.head : Number(name);
    const isThere = number <= this.head && number >= this.oldest;
    const body = url.includes('/login/')
      ? { netuid: 12, identity_name: 'validator' }
      : this.block(number, what);
    const isRefused = what !== undefined && number < this.refusedBelow;
    response.statusCode = this.fails ? 500 : isRefused ? 403 : isThere ? 200 : 404;
    const text = response.statusCode === 200 ? body : { detail: `Block ${number} not found.` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(text));
  }

  private answerCertificate({ method }: IncomingMessage, response: ServerResponse): void {
    const isMade = method === 'POST' && !this.makesNone;
    const keys = isMade ? generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) : null;
    const hex = (base64url: string) => Buffer.from(base64url, 'base64url').toString('hex');
    if (keys) this.certificate = hex(keys.x!);
    response.statusCode = keys ? 201 : method === 'POST' ? 502 : this.certificate ? 200 : 404;
    const body = { algorithm: 1, public_key: this.certificate, ...(keys && { private_key: hex(keys.d!) }) };
    const text = response.statusCode < 300 ? body : { detail: 'Could not generate the certificate.' };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(text));
  }

  private block(number: number, what: string | undefined): object {
    const hash = `0x${number.toString(16).padStart(63, '0')}${number >= this.fork ? 'f' : '0'}`;
    const block = { number, hash };
    const neurons = this.neurons.map(pylonNeuron);
    switch (what) {
      case 'validators':
        return { block, validators: neurons.filter(({ validator_permit }) => validator_permit) };
      case 'neurons':
        this.neuronsAsked++;
        return { block, neurons: Object.fromEntries(neurons.map((neuron) => [neuron.hotkey, neuron])) };
      case 'commitments': {
        const hex = (text: string) => `0x${Buffer.from(text).toString('hex')}`;
        const all = Object.entries(this.commitments).map(([hotkey, text]) => [hotkey, hex(text)]);
        return { block, commitments: Object.fromEntries(all) };
      }
      case 'extrinsic': {
        this.timesAsked.set(number, (this.timesAsked.get(number) ?? 0) + 1);
        const args = [{ name: 'now', type: 'Moment', value: this.time(number) }];
        return { call: { call_module: 'Timestamp', call_function: 'set', call_args: args } };
      }
      default:
        return { ...block, timestamp: this.time(number) / 1000 };
    }
  }
}

const pylonNeuron = ({ hotkey, port, stake = 0 }: ScriptedNeuron, uid: number) => ({
  uid,
  hotkey,
  coldkey: hotkey,
  active: true,
  axon_info: { ip: port === null ? '0.0.0.0' : '127.0.0.1', port: port ?? 0, protocol: 4 },
  stake,
  rank: 0,
  emission: 1.5,
  incentive: 0.25,
  consensus: 0,
  trust: 0,
  validator_trust: 0,
  dividends: 0,
  last_update: 1,
  validator_permit: stake > 0,
  pruning_score: 0,
  stakes: { alpha: stake, tao: 0, total: stake },
});
