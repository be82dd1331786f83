import { Controller, Get, NotFoundException, Param, UseGuards } from '@nestjs/common';
import type { BlockInfo } from '../blocks/block-clock.ts';
import { readBlockNumber } from '../http/input.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { Certificate } from '../ledger/state.ts';
import { subnetNeurons, subnetValidators } from './answers.ts';
import { SubnetGuard } from './subnet.guard.ts';

/** What anybody may read of the subnet through Pylon's API, below the open scope and below each identity's. */
@Controller(['api/v1/subnet/:netuid', 'api/v1/identity/:identity/subnet/:netuid'])
@UseGuards(SubnetGuard)
export class SubnetController {
  constructor(private readonly ledger: Ledger) {}

  @Get('block/:block/neurons')
  neurons(@Param('block') name: string) {
    const block = this.block(name);
    return subnetNeurons(block, this.ledger.neurons(block.number));
  }

  @Get('block/:block/validators')
  validators(@Param('block') name: string) {
    const block = this.block(name);
    return subnetValidators(block, this.ledger.neurons(block.number));
  }

  @Get('block/latest/commitments')
  commitments() {
    const commitments = Object.entries(this.ledger.commitments()).map(
      ([hotkey, { hex }]) => [hotkey, hex] as const,
    );
    return { block: this.ledger.clock.latest(), commitments: Object.fromEntries(commitments) };
  }

  @Get('block/latest/commitments/:hotkey')
  commitment(@Param('hotkey') hotkey: string) {
    return commitmentOf(this.ledger, hotkey);
  }

  @Get('block/latest/certificates')
  certificates() {
    return this.ledger.certificates;
  }

  @Get('block/latest/certificates/:hotkey')
  certificate(@Param('hotkey') hotkey: string) {
    return certificateOf(this.ledger, hotkey);
  }

  /** "recent" is Pylon's cached newest; here nothing is cached. */
  private block(name: string): BlockInfo {
    const latest = this.ledger.clock.latest();
    if (name === 'latest' || name === 'recent') return latest;
    const block = this.ledger.clock.at(readBlockNumber(name));
    if (!block)
      throw new NotFoundException(`Block ${name} is still to come: the newest is ${latest.number}.`);
    return block;
  }
}

/** Pylon's answer for one hotkey's commitment. @throws NotFoundException when it has none */
export function commitmentOf(ledger: Ledger, hotkey: string) {
  const commitment = ledger.commitment(hotkey);
  if (!commitment) throw new NotFoundException('Commitment not found.');
  return {
    block: ledger.clock.latest(),
    hotkey,
    commitment: commitment.hex,
    commitment_block_number: commitment.block,
  };
}

/** Pylon's answer for one hotkey's certificate. @throws NotFoundException when it has none */
export function certificateOf(ledger: Ledger, hotkey: string): Certificate {
  const certificate = ledger.certificate(hotkey);
  if (!certificate) throw new NotFoundException('Certificate not found or error fetching.');
  return certificate;
}
