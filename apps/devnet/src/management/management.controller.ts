import { Body, Controller, Delete, Get, HttpCode, NotFoundException, Param, Put } from '@nestjs/common';
import {
  readAmount,
  readAxon,
  readBody,
  readFlag,
  readHotkey,
  readIdentityName,
  readToken,
} from '../http/input.ts';
import { Ledger, type LedgerNeuron } from '../ledger/ledger.ts';
import { DevnetSettings } from '../settings.ts';

/** What on a real chain costs money: who is registered, with what stake, and who signs under which name. */
@Controller('devnet')
export class ManagementController {
  constructor(
    private readonly settings: DevnetSettings,
    private readonly ledger: Ledger,
  ) {}

  /** Registers a hotkey under the lowest free uid, or changes it. Without a coldkey it is its own. */
  @Put('neurons/:hotkey')
  register(@Param('hotkey') path: string, @Body() body: unknown): Promise<LedgerNeuron> {
    const hotkey = readHotkey(path, 'The hotkey in the path');
    const fields = readBody(body, ['coldkey', 'stake', 'validator_permit', 'axon']);
    return this.ledger.register(hotkey, {
      coldkey: (fields['coldkey'] ?? null) === null ? hotkey : readHotkey(fields['coldkey'], 'coldkey'),
      stake: readAmount(fields['stake'], 'stake'),
      validator_permit: readFlag(fields['validator_permit'], 'validator_permit'),
      axon: readAxon(fields['axon']),
    });
  }

  @Delete('neurons/:hotkey')
  @HttpCode(204)
  async remove(@Param('hotkey') path: string): Promise<void> {
    const hotkey = readHotkey(path, 'The hotkey in the path');
    if (!(await this.ledger.remove(hotkey))) throw new NotFoundException(`${hotkey} is not registered.`);
  }

  /** Who signs as whom through Pylon's API. The hotkey need not be registered yet. */
  @Put('identities/:name')
  async setIdentity(@Param('name') path: string, @Body() body: unknown) {
    const name = readIdentityName(path);
    const fields = readBody(body, ['hotkey', 'token']);
    const hotkey = readHotkey(fields['hotkey'], 'hotkey');
    await this.ledger.setIdentity(name, hotkey, readToken(fields['token']));
    return { name, hotkey };
  }

  /** What a subnet asks of its validators. Here it is always the same; the tempo is that of the real network. */
  @Get('hyperparameters')
  hyperparameters() {
    return { tempo: 360, min_allowed_weights: 1, max_weight_limit: 65_535, commit_reveal_enabled: false };
  }

  /** The whole chain as of now, without the tokens. */
  @Get('state')
  state() {
    const { clock } = this.ledger;
    const block = clock.latest();
    const commitments = Object.entries(this.ledger.commitments).map(([hotkey, { block: since, hex }]) => {
      return [
        hotkey,
        { block: since, hex, text: Buffer.from(hex.slice(2), 'hex').toString('utf8') },
      ] as const;
    });
    return {
      netuid: this.settings.netuid,
      block: { ...block, timestamp: clock.time(block.number) },
      block_time: this.settings.blockTime,
      neurons: this.ledger.neurons(block.number),
      commitments: Object.fromEntries(commitments),
      weights: this.ledger.weights,
      identities: this.ledger.identities(),
    };
  }
}
