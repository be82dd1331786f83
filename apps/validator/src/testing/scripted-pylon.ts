import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Pylon that knows these neurons, and nothing else. */
export class ScriptedPylon {
  neurons: { hotkey: string; port: number | null }[] = [];
  private readonly http: Server = createServer((request, response) => {
    const body = request.url!.includes('/login/')
      ? { netuid: 12, identity_name: 'validator' }
      : this.latest();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });

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

  private latest(): object {
    const neuron = (hotkey: string, port: number | null, uid: number) => ({
      uid,
      hotkey,
      coldkey: hotkey,
      active: true,
      axon_info: { ip: port === null ? '0.0.0.0' : '127.0.0.1', port: port ?? 0, protocol: 4 },
      stake: 0,
      rank: 0,
      emission: 0,
      incentive: 0,
      consensus: 0,
      trust: 0,
      validator_trust: 0,
      dividends: 0,
      last_update: 1,
      validator_permit: false,
      pruning_score: 0,
      stakes: { alpha: 0, tao: 0, total: 0 },
    });
    const entries = this.neurons.map(({ hotkey, port }, uid) => [hotkey, neuron(hotkey, port, uid)]);
    return { block: { number: 100, hash: `0x${'ab'.repeat(32)}` }, neurons: Object.fromEntries(entries) };
  }
}
