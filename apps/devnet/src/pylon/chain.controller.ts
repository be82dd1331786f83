import {
  Body,
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { readBlockNumber, readBody, readToken } from '../http/input.ts';
import { Ledger } from '../ledger/ledger.ts';
import { DevnetSettings } from '../settings.ts';
import { timestampExtrinsic } from './answers.ts';

/** What Pylon's API says above the subnets: its identities and the newest block. */
@Controller('api/v1')
export class ChainController {
  constructor(
    private readonly settings: DevnetSettings,
    private readonly ledger: Ledger,
  ) {}

  @Post('login/identity/:identity')
  @HttpCode(200)
  logIn(@Param('identity') identity: string, @Body() body: unknown) {
    // Older clients send the identity's name along.
    const token = readToken(readBody(body, ['token', 'identity_name'])['token']);
    if (this.ledger.signer(identity) === undefined)
      throw new NotFoundException(`Identity '${identity}' not found`);
    if (!this.ledger.isToken(identity, token)) {
      throw new UnauthorizedException(`This is not the token of the identity ${identity}.`);
    }
    return { netuid: this.settings.netuid, identity_name: identity };
  }

  @Get('identities')
  identities() {
    const names = Object.keys(this.ledger.identities());
    return { identities: Object.fromEntries(names.map((name) => [name, this.settings.netuid])) };
  }

  /** As Pylon has it, `timestamp` is in whole seconds since 1970; the exact one is in the block's first extrinsic. */
  @Get('block/latest')
  latestBlock() {
    const block = this.ledger.clock.latest();
    return { ...block, timestamp: Math.floor(this.ledger.clock.time(block.number) / 1000) };
  }

  /** Every block has one extrinsic, the one that says when it was made. */
  @Get('block/:block/extrinsic/:index')
  extrinsic(@Param('block') name: string, @Param('index') index: string) {
    const block = this.ledger.clock.at(readBlockNumber(name));
    if (!block) throw new NotFoundException(`Block ${name} not found.`);
    if (index !== '0') throw new NotFoundException(`Extrinsic ${index} not found in block ${name}.`);
    return timestampExtrinsic(block, this.ledger.clock.time(block.number));
  }
}
