import {
  Body,
  Controller,
  Delete,
  ForbiddenException,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Put,
} from '@nestjs/common';
import { paceOf } from '../blocks/blocks.controller.ts';
import {
  readBody,
  readHotkey,
  readHyperparameters,
  readIdentityName,
  readObject,
  readToken,
} from '../http/input.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { LedgerNeuron } from '../ledger/neurons.ts';
import type { Hyperparameters } from '../ledger/state.ts';
import { DevnetSettings } from '../settings.ts';
import { readParticipant } from './participant.ts';

/** What on a real chain costs money: who is registered, with what stake, and who signs under which name. */
@Controller('devnet')
export class ManagementController {
  constructor(
    private readonly settings: DevnetSettings,
    private readonly ledger: Ledger,
  ) {}

  /** Registers a hotkey under the lowest free uid, or changes it. Without a coldkey it is its own. */
  @Put('neurons/:hotkey')
  async register(@Param('hotkey') path: string, @Body() body: unknown): Promise<LedgerNeuron> {
    const hotkey = readHotkey(path, 'The hotkey in the path');
    this.refuseOthers();
    const [neuron] = await this.ledger.register(new Map([[hotkey, readParticipant(hotkey, body)]]));
    return neuron!;
  }

  /** The same for many at once, `{hotkey: …}`, all in one block. */
  @Put('neurons')
  async registerAll(@Body() body: unknown): Promise<LedgerNeuron[]> {
    this.refuseOthers();
    const all = Object.entries(readObject(body)).map(([name, fields]) => {
      const hotkey = readHotkey(name, 'Each name');
      return [hotkey, readParticipant(hotkey, fields)] as const;
    });
    return this.ledger.register(new Map(all));
  }

  @Delete('neurons/:hotkey')
  @HttpCode(204)
  async remove(@Param('hotkey') path: string): Promise<void> {
    const hotkey = readHotkey(path, 'The hotkey in the path');
    this.refuseOthers();
    if (!(await this.ledger.remove(hotkey))) throw new NotFoundException(`${hotkey} is not registered.`);
  }

  /** Who signs as whom through Pylon's API. The hotkey need not be registered yet. */
  @Put('identities/:name')
  async setIdentity(@Param('name') path: string, @Body() body: unknown) {
    this.refuseOthers();
    const name = readIdentityName(path);
    const fields = readBody(body, ['hotkey', 'token']);
    const hotkey = readHotkey(fields['hotkey'], 'hotkey');
    await this.ledger.setIdentity(name, hotkey, readToken(fields['token']));
    return { name, hotkey };
  }

  /** What the subnet asks of those who take part. */
  @Get('hyperparameters')
  hyperparameters(): Hyperparameters {
    return this.ledger.hyperparameters;
  }

  /** Changes those that are named. With `commit_reveal_enabled` weights are sealed until `commit_reveal_period` epochs are over. */
  @Put('hyperparameters')
  async setHyperparameters(@Body() body: unknown): Promise<Hyperparameters> {
    await this.ledger.setHyperparameters(readHyperparameters(body));
    return this.ledger.hyperparameters;
  }

  /** The whole chain as of now, without the tokens. */
  @Get('state')
  state() {
    const { clock } = this.ledger;
    const block = clock.latest();
    const commitments = Object.entries(this.ledger.commitments()).map(([hotkey, { block: since, hex }]) => {
      return [
        hotkey,
        { block: since, hex, text: Buffer.from(hex.slice(2), 'hex').toString('utf8') },
      ] as const;
    });
    return {
      netuid: this.settings.netuid,
      block: { ...block, timestamp: clock.time(block.number) },
      ...paceOf(clock),
      neurons: this.ledger.neurons(block.number),
      commitments: Object.fromEntries(commitments),
      hyperparameters: this.ledger.hyperparameters,
      weights: this.ledger.weights().map(({ block: since, hotkey, weights }) => ({
        block: since,
        hotkey,
        weights,
      })),
      sealed_weights: this.ledger.sealedWeights(),
      certificates: this.ledger.certificates,
      identities: this.ledger.identities(),
    };
  }

  private refuseOthers(): void {
    if (this.settings.subnetFile === undefined) return;
    throw new ForbiddenException(
      'Who takes part in this devnet is said by DEVNET_SUBNET_FILE, with wallets that were made for it: nobody else is taken.',
    );
  }
}
