import type { Hyperparameters } from './chain.ts';
import { readHyperparameters } from './pylon-answers.ts';
import { PylonChain } from './pylon-chain.ts';

/** The devnet: Pylon's API, and what Pylon cannot do through the devnet's own. */
export class DevnetChain extends PylonChain {
  async announce({ ip, port }: { ip: string; port: number }): Promise<void> {
    const { name, token } = this.needIdentity('announce an address');
    const path = `/devnet/identities/${encodeURIComponent(name)}/axon`;
    const request = this.request('PUT', path, { token, body: { ip, port } });
    this.accepted(request, await this.http.ask(request));
  }

  async hyperparameters(): Promise<Hyperparameters> {
    const request = this.request('GET', '/devnet/hyperparameters', { token: null });
    const answer = this.accepted(request, await this.http.ask(request));
    return this.read(request, answer, readHyperparameters);
  }
}
