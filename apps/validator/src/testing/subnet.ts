import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import type { Extension } from '@horde/protocol';
import { afterEach, beforeEach, expect } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { MinerDirectory } from '../routing/miner-directory.ts';
import { ValidatorPlace } from './running-validator.ts';

/** A chain with miners and a facilitator, fresh for each test of a spec file, and validators that choose among them. */
export class Subnet {
  place!: ValidatorPlace;
  facilitator!: ScriptedFacilitator;
  pylon!: ScriptedPylon;
  miners!: ScriptedMiner[];
  private validators: INestApplication[] = [];

  constructor(size: number) {
    beforeEach(async () => {
      this.place = await ValidatorPlace.make();
      this.facilitator = new ScriptedFacilitator(this.place.keypair.address);
      this.pylon = new ScriptedPylon();
      this.miners = Array.from({ length: size }, () => new ScriptedMiner(Keypair.generate()));
      await Promise.all([this.facilitator, this.pylon, ...this.miners].map((peer) => peer.start()));
    });
    afterEach(async () => {
      await Promise.all(this.validators.map((validator) => validator.close()));
      this.validators = [];
      await Promise.all([this.facilitator, this.pylon, ...this.miners].map((peer) => peer.stop()));
      await this.place.remove();
    });
  }

  /** Starts a validator in this process. Resolves when it knows what all miners on the chain offer. */
  async start(more: Record<string, string> = {}, peers: Peer[] = this.miners): Promise<INestApplication> {
    this.onChain(peers);
    const validator = await this.place.start({
      FACILITATOR_URI: this.facilitator.uri,
      PYLON_ADDRESS: this.pylon.address,
      JOB_WAIT_LIMIT: '30',
      ...more,
    });
    this.validators.push(validator);
    await this.known(peers);
    return validator;
  }

  /** These are the miners on the chain from now on. Resolves when this validator knows what all of them offer. */
  async join(validator: INestApplication, peers: Peer[]): Promise<void> {
    this.onChain(peers);
    await this.known(peers, () => validator.get(MinerDirectory).refreshNeurons());
  }

  /** Has the facilitator speak these, before a validator is started. */
  async facilitatorThatSpeaks(...extensions: Extension[]): Promise<ScriptedFacilitator> {
    await this.facilitator.stop();
    this.facilitator.extensions = extensions;
    await this.facilitator.start();
    return this.facilitator;
  }

  private onChain(peers: Peer[]): void {
    this.pylon.neurons = [
      { hotkey: this.place.keypair.address, port: null },
      ...peers.map(({ keypair, port }) => ({ hotkey: keypair.address, port })),
    ];
  }

  private async known(peers: Peer[], look = async () => {}): Promise<void> {
    const known = async () => {
      await look();
      return this.place.query('select distinct hotkey from miner_manifest');
    };
    await expect.poll(known).toHaveLength(peers.length);
  }

  /** Has the facilitator send a job, signed by the validator's own hotkey unless told otherwise. */
  async send(
    fields: Parameters<typeof newJob>[2] = {},
    signer: Keypair = this.place.keypair,
  ): Promise<string> {
    const uuid = randomUUID();
    await this.facilitator.send(newJob(uuid, signer, fields));
    return uuid;
  }
}

/** Somebody who is on the chain. */
type Peer = Pick<ScriptedMiner, 'keypair' | 'port'>;
