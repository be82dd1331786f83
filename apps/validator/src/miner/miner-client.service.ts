import { isIPv6 } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import {
  GenericError,
  JsonError,
  make,
  minerToValidator,
  ShapeError,
  ValidatorAuth,
  validatorAuthText,
  validatorPath,
} from '@horde/protocol';
import { connect, type Connection } from '@horde/transport';
import type { MinerMessage } from '../jobs/outcome.ts';

/** A miner and where it is reached. */
export interface MinerAddress {
  hotkey: string;
  ip: string;
  port: number;
}

export interface MinerConnectOptions {
  /** How many times the connection is tried. */
  attempts: number;
  signal: AbortSignal;
  /** Called for each message, in order; while it has not resolved, the next is not read. */
  onMessage: (message: MinerMessage, connection: Connection) => Promise<void> | void;
}

/** Opens connections to miners as this validator. */
@Injectable()
export class MinerClient {
  constructor(
    private readonly keypair: Keypair,
    @Inject('LOGGER') private readonly logger: Logger,
  ) {}

  /** Connects and says who we are; every new connection has to. Throws the last attempt's error when all failed. */
  async connect(
    miner: MinerAddress,
    { attempts, signal, onMessage }: MinerConnectOptions,
  ): Promise<Connection> {
    const host = isIPv6(miner.ip) ? `[${miner.ip}]` : miner.ip;
    const connection = await connect(`ws://${host}:${miner.port}${validatorPath(this.keypair.address)}`, {
      attempts,
      signal,
      onOpening: (opening) => this.read(opening, onMessage),
    });
    await connection.send(this.authentication(miner.hotkey));
    return connection;
  }

  private read(connection: Connection, onMessage: MinerConnectOptions['onMessage']): void {
    connection.onText(
      async (text) => {
        if (text === 'PING') return;
        try {
          await onMessage(minerToValidator.read(text).message, connection);
        } catch (error) {
          if (!(error instanceof JsonError || error instanceof ShapeError)) {
            this.logger.error({ error }, 'a message of the miner could not be handled');
            return connection.close(1011, 'internal error');
          }
          const details = error.message.slice(0, 2_000);
          this.logger.warn({ details }, 'the miner sent a frame that cannot be read');
          await connection.send(make(GenericError, { details }));
        }
      },
      () => this.logger.warn('the miner sent a binary frame; only text is understood'),
    );
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
