import { Delete, Get, Param, Put } from '@nestjs/common';
import { isSs58 } from '@horde/identity';
import type { MinerValidator } from '@horde/panel-api';
import { AdminApi, CurrentOperator, type Session } from '@horde/panel-server';
import { detail } from '@horde/rest';
import { Validators } from '../directory/validators.ts';
import { ValidatorList } from './validator-list.ts';

/** The validators of the miner: who they are is said by the chain, and by its operator. */
@AdminApi()
export class ValidatorsController {
  constructor(
    private readonly list: ValidatorList,
    private readonly validators: Validators,
  ) {}

  @Get('validators')
  async read(): Promise<{ results: MinerValidator[] }> {
    return { results: await this.list.read() };
  }

  /** Declines the jobs of a validator from now on. One that the miner does not know yet may be named, too. */
  @Put('validators/:hotkey/blacklist')
  async blacklist(
    @Param('hotkey') hotkey: string,
    @CurrentOperator() { name }: Session,
  ): Promise<MinerValidator> {
    if (!isSs58(hotkey)) throw noHotkey();
    await this.validators.setBlacklisted(hotkey, true, name);
    return this.one(hotkey);
  }

  /** Takes its jobs again. */
  @Delete('validators/:hotkey/blacklist')
  async unblacklist(
    @Param('hotkey') hotkey: string,
    @CurrentOperator() { name }: Session,
  ): Promise<MinerValidator> {
    await this.one(hotkey);
    await this.validators.setBlacklisted(hotkey, false, name);
    return this.one(hotkey);
  }

  /** Makes a validator active, whatever the chain says. */
  @Put('validators/:hotkey/by_hand')
  async add(@Param('hotkey') hotkey: string, @CurrentOperator() { name }: Session): Promise<MinerValidator> {
    if (!isSs58(hotkey)) throw noHotkey();
    await this.validators.setByHand(hotkey, true, name);
    return this.one(hotkey);
  }

  /** Leaves it to the chain again. */
  @Delete('validators/:hotkey/by_hand')
  async leave(
    @Param('hotkey') hotkey: string,
    @CurrentOperator() { name }: Session,
  ): Promise<MinerValidator> {
    await this.one(hotkey);
    await this.validators.setByHand(hotkey, false, name);
    return this.one(hotkey);
  }

  /** @throws Refusal 404 */
  private async one(hotkey: string): Promise<MinerValidator> {
    const [validator] = await this.list.read(hotkey.replaceAll('\0', ''));
    if (!validator) throw detail(404, 'The miner knows no such validator.');
    return validator;
  }
}

const noHotkey = () => detail(400, 'This is not an SS58 address.');
