import { Injectable } from '@nestjs/common';
import { ServiceCommand } from '@horde/commands';
import { MinerContext } from './miner-context.ts';

/** A command of the miner's operator. */
@Injectable()
export abstract class MinerCommand extends ServiceCommand {
  constructor(protected readonly context: MinerContext) {
    super();
  }
}
