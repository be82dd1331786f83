import { CHAIN, type Chain } from '@horde/chain';
import { requireHotkey, ServiceCommand } from '@horde/commands';
import { LastDone } from '@horde/metrics';
import { Command } from 'nest-commander';
import { MinerDirectory } from '../miners/miner-directory.ts';
import { ValidatorDirectory } from '../validators/validator-directory.ts';
import { FacilitatorContext } from './facilitator-context.ts';

@Command({
  name: 'debug_add_validator',
  arguments: '<hotkey>',
  argsDescription: { hotkey: "the validator's SS58 address" },
  description: 'let a validator connect, whatever the chain says',
})
export class DebugAddValidator extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run([hotkey = '']: string[]): Promise<void> {
    requireHotkey(hotkey);
    await this.context.use((app) => app.get(ValidatorDirectory).pin(hotkey));
    this.context.print(`${hotkey} is an active validator, whatever the chain says.`);
  }
}

@Command({
  name: 'sync_metagraph',
  description: 'read from the chain now who the validators and the miners are',
})
export class SyncMetagraph extends ServiceCommand {
  constructor(private readonly context: FacilitatorContext) {
    super();
  }

  override async run(): Promise<void> {
    const sentence = await this.context.use(async (app) => {
      const chain = app.get<Chain>(CHAIN);
      const { block, validators } = await chain.validators();
      const { neurons } = await chain.neurons();
      await app.get(MinerDirectory).replace(neurons);
      const miners = neurons.filter(({ address }) => address !== null).length;
      if (validators.length === 0) return 'The chain names no validators: those known so far stay.';
      await app.get(ValidatorDirectory).replace(validators.map(({ hotkey }) => hotkey));
      await app.get(LastDone).note('chain');
      return `On the chain at block ${block.number}: ${validators.length} validators, ${miners} miners.`;
    });
    this.context.print(sentence);
  }
}
