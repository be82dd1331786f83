import {
  BadRequestException,
  Body,
  Controller,
  Headers,
  HttpCode,
  NotFoundException,
  Param,
  Put,
  UnauthorizedException,
} from '@nestjs/common';
import { readAxon } from '../http/input.ts';
import { Ledger } from '../ledger/ledger.ts';

/** What on a real chain each hotkey does by itself, and Pylon's API has no call for: say where it can be reached. */
@Controller('devnet/identities/:identity/axon')
export class AnnouncementController {
  constructor(private readonly ledger: Ledger) {}

  /** Writes the address of the identity's hotkey, `{ip, port}`; the token is needed, since nobody logs in here. */
  @Put()
  @HttpCode(204)
  async announce(
    @Param('identity') identity: string,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
  ): Promise<void> {
    const hotkey = this.ledger.signer(identity);
    if (hotkey === undefined) throw new NotFoundException(`Identity '${identity}' not found`);
    if (!this.ledger.isToken(identity, authorization?.replace(/^Bearer /i, '') ?? '')) {
      throw new UnauthorizedException(`This is not the token of the identity ${identity}.`);
    }
    const axon = readAxon(body);
    if (!axon) throw new BadRequestException('The body must be {"ip", "port"}.');
    if (!(await this.ledger.announce(hotkey, axon))) {
      throw new BadRequestException(
        `${hotkey}, as whom ${identity} signs, is not registered: PUT /devnet/neurons/${hotkey} registers it.`,
      );
    }
  }
}
