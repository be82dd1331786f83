import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { isIP, isIPv6, SocketAddress, type AddressInfo } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CHAIN, type SigningChain } from '@horde/chain';
import { PublicAddress } from '@horde/executor-manager';
import { Keypair } from '@horde/identity';
import { hostAndPort } from '../connections/own-address.ts';
import { MinerSettings } from '../settings.ts';
import { announceCommand } from './announce-command.ts';

/** Tells the chain where the miner is. */
@Injectable()
export class Announcement {
  constructor(
    private readonly settings: MinerSettings,
    private readonly keypair: Keypair,
    private readonly publicAddress: PublicAddress,
    private readonly adapter: HttpAdapterHost,
    @Inject(CHAIN) private readonly chain: SigningChain,
  ) {}

  /** Whether this miner can write on the chain; where it cannot, its operator has to. */
  get possible(): boolean {
    return this.chain.announce !== undefined;
  }

  /**
   * Writes the miner's address on the chain, where that can be done from here.
   *
   * @returns a sentence: what was done, or the command that does it
   * @throws ChainError, or an Error when the address cannot be found out
   */
  async announce(): Promise<string> {
    const address = { ip: await this.ip(), port: await this.port() };
    const shown = hostAndPort(address.ip, address.port);
    if (this.chain.announce) {
      await this.chain.announce(address);
      return `The chain has the address of this miner: ${shown}.`;
    }
    const { neurons } = await this.chain.neurons();
    const own = neurons.find(({ hotkey }) => hotkey === this.keypair.address);
    if (own?.address?.ip === address.ip && own.address.port === address.port)
      return `The chain has the address of this miner already: ${shown}.`;
    if (!own) {
      return `${this.keypair.address} is not registered on subnet ${this.settings.netuid}; register it before its address (${shown}) can be announced.`;
    }
    return (
      `Validators do not find this miner: the chain has ${own.address ? 'another address' : 'no address'} for ` +
      `it, and Pylon cannot write one. Where the wallet is and bittensor 9 installed, run: ${announceCommand(this.settings, address)}`
    );
  }

  private async ip(): Promise<string> {
    const { minerAddress } = this.settings;
    const ip = minerAddress === 'auto' ? await this.publicAddress.get() : await addressOf(minerAddress);
    if (ip === null)
      throw new Error('The public address of this miner cannot be found out; set BITTENSOR_MINER_ADDRESS.');
    // As the chain writes it: an IPv6 address can be written in several ways.
    return isIPv6(ip) ? new SocketAddress({ address: ip, family: 'ipv6' }).address : ip;
  }

  private async port(): Promise<number> {
    if (this.settings.port !== 0) return this.settings.port;
    const server = this.adapter.httpAdapter.getHttpServer() as Server;
    if (!server.listening) await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
}

/** An address as it is; a name's as it is looked up now. */
const addressOf = async (configured: string): Promise<string> =>
  isIP(configured) ? configured : (await lookup(configured)).address;
