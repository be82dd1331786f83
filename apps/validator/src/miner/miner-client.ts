import { isIPv6 } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import {
  make,
  ValidatorAuth,
  validatorAuthText,
  validatorMinerExtensions,
  validatorPath,
  writeFrame,
} from '@horde/protocol';
import { JobFrames } from '@horde/database';
import { connect } from '@horde/transport';
import { MinerLink, type MinerEnd } from './miner-link.ts';

/** A miner and where it is reached. */
export interface MinerAddress {
  hotkey: string;
  ip: string;
  port: number;
}

export interface MinerConnectOptions extends MinerEnd {
  /** How many times the connection is tried. */
  attempts: number;
  signal: AbortSignal;
}

/** Opens connections to miners as this validator. */
@Injectable()
export class MinerClient {
  constructor(
    private readonly keypair: Keypair,
    private readonly frames: JobFrames,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Connects and says who we are; every new connection has to. Throws the last attempt's error when all failed. */
  async connect(miner: MinerAddress, options: MinerConnectOptions): Promise<MinerLink> {
    const { attempts, signal } = options;
    const host = isIPv6(miner.ip) ? `[${miner.ip}]` : miner.ip;
    const note = (job: string, isSent: boolean, text: string) =>
      this.frames.note({ peer: 'miner', who: miner.hotkey, job, isSent, text });
    let link!: MinerLink;
    const connection = await connect(`ws://${host}:${miner.port}${validatorPath(this.keypair.address)}`, {
      attempts,
      signal,
      extensions: options.numbered ? validatorMinerExtensions : [],
      onOpening: (opening) => (link = new MinerLink(opening, options, this.logger, note)),
    });
    await connection.sendText(writeFrame(this.authentication(miner.hotkey)));
    return link;
  }

  private authentication(minerHotkey: string): ValidatorAuth {
    const who = {
      validator_hotkey: this.keypair.address,
      miner_hotkey: minerHotkey,
      timestamp: Math.floor(Date.now() / 1000),
    };
    return make(ValidatorAuth, { ...who, signature: this.keypair.signHex(validatorAuthText(who)) });
  }
}
