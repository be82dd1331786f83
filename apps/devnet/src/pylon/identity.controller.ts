import { generateKeyPairSync } from 'node:crypto';
import { BadRequestException, Body, Controller, Get, Param, Post, Put, UseGuards } from '@nestjs/common';
import { commitmentLimit } from '@horde/chain';
import { readBody, readCommitment, readWeights } from '../http/input.ts';
import { Ledger } from '../ledger/ledger.ts';
import { certificateOf, commitmentOf } from './subnet.controller.ts';
import { SubnetGuard } from './subnet.guard.ts';

/** The number of the only algorithm that Pylon makes keys for. */
const ed25519 = 1;

/** What Pylon's API does in the name of an identity's hotkey. */
@Controller('api/v1/identity/:identity/subnet/:netuid')
@UseGuards(SubnetGuard)
export class IdentityController {
  constructor(private readonly ledger: Ledger) {}

  @Get('block/latest/commitments/self')
  ownCommitment(@Param('identity') identity: string) {
    return commitmentOf(this.ledger, this.ledger.signer(identity)!);
  }

  @Post('commitments')
  async commit(@Param('identity') identity: string, @Body() body: unknown) {
    const data = readCommitment(readBody(body, ['commitment'])['commitment'], commitmentLimit);
    await this.ledger.commit(this.registeredSigner(identity), data);
    return { detail: 'Commitment set successfully.' };
  }

  @Put('weights')
  async setWeights(@Param('identity') identity: string, @Body() body: unknown) {
    const weights = readWeights(readBody(body, ['weights'])['weights']);
    await this.ledger.setWeights(this.registeredSigner(identity), weights);
    return { detail: 'weights update scheduled', count: weights.size };
  }

  @Get('block/latest/certificates/self')
  ownCertificate(@Param('identity') identity: string) {
    return certificateOf(this.ledger, this.ledger.signer(identity)!);
  }

  /** Makes a key pair, and keeps the public one on the chain. The private one is answered once, and kept nowhere. */
  @Post('certificates/self')
  async makeCertificate(@Param('identity') identity: string, @Body() body: unknown) {
    const algorithm = readBody(body, ['algorithm'])['algorithm'] ?? ed25519;
    if (algorithm !== ed25519) throw new BadRequestException('algorithm must be 1, which is Ed25519.');
    const hotkey = this.registeredSigner(identity);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const certificate = { algorithm, public_key: rawHex(publicKey.export({ format: 'jwk' }).x!) };
    await this.ledger.setCertificate(hotkey, certificate);
    return { ...certificate, private_key: rawHex(privateKey.export({ format: 'jwk' }).d!) };
  }

  /** The chain takes nothing from a hotkey that is not registered. */
  private registeredSigner(identity: string): string {
    const hotkey = this.ledger.signer(identity)!;
    if (this.ledger.isRegistered(hotkey)) return hotkey;
    throw new BadRequestException(
      `${hotkey}, as whom ${identity} signs, is not registered: PUT /devnet/neurons/${hotkey} registers it.`,
    );
  }
}

const rawHex = (base64url: string): string => Buffer.from(base64url, 'base64url').toString('hex');
