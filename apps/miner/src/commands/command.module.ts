import { Injectable, Module, type Type } from '@nestjs/common';
import { settingsHelp } from '@horde/operations';
import { CommandRunner, InjectCommander } from 'nest-commander';
import { AnnounceAddressAndPort } from './announce-address-and-port.command.ts';
import { CommandContext } from './command-context.ts';
import { FetchDynamicConfig, SetDynamicConfig, UnsetDynamicConfig } from './config.command.ts';
import { Doctor } from './doctor.command.ts';
import { LivenessCheck } from './liveness-check.command.ts';
import {
  ArchiveReceiptPages,
  DebugCreateRandomReceipts,
  EvictOldData,
  PrepareReceipts,
} from './receipt.command.ts';
import { MinerSettings } from '../settings.ts';
import { SelfTest } from './self-test.command.ts';
import {
  BlacklistValidator,
  DebugAddValidator,
  FetchValidators,
  UnblacklistValidator,
} from './validator.command.ts';

type Program = Parameters<CommandRunner['setCommand']>[0];

/** What all commands have in common. */
@Injectable()
class MinerProgram {
  constructor(@InjectCommander() program: Program) {
    program
      .name('miner')
      .description(
        'Without a command: serve validators and executors, as the environment says.\n' +
          'Options may be written with - or _ between their words.',
      )
      .addHelpText('after', `\n${settingsHelp('miner', MinerSettings)}`)
      .showSuggestionAfterError();
  }
}

/** Everything that can be typed after the program's name, under ComputeHorde's names where it has them. */
export function commandsModule(context: CommandContext): Type {
  @Module({
    providers: [
      { provide: CommandContext, useValue: context },
      MinerProgram,
      SelfTest,
      Doctor,
      LivenessCheck,
      AnnounceAddressAndPort,
      FetchValidators,
      DebugAddValidator,
      BlacklistValidator,
      UnblacklistValidator,
      FetchDynamicConfig,
      SetDynamicConfig,
      UnsetDynamicConfig,
      ArchiveReceiptPages,
      EvictOldData,
      PrepareReceipts,
      DebugCreateRandomReceipts,
    ],
  })
  class CommandsModule {}
  return CommandsModule;
}
