import { BadRequestException, Body, Controller, HttpCode, Post, Put } from '@nestjs/common';
import { readBody, readCount, readFlag, readSeconds } from '../http/input.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { BlockClock } from './block-clock.ts';

/** The most blocks that one command makes, and replaces. */
const maxBlocks = 10_000;
/** How long a block may take. @unit seconds */
const bounds = { min: 0.001, max: 86_400 };

/** The clock of the chain by command: blocks made at once, at another pace, and others in their place. */
@Controller('devnet')
export class BlocksController {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Makes blocks at once: `{count}`, each as long as the pace is or, without one, 12 seconds; or `{durations}`, in seconds.
   * The chain's clock is put forward by as much as they are later than now.
   */
  @Post('blocks')
  @HttpCode(200)
  async advance(@Body() body: unknown) {
    const { count, durations } = readBody(body, ['count', 'durations']);
    const even = this.ledger.clock.pace.blockTime ?? 12_000;
    await this.ledger.advance(
      durations === undefined
        ? Array.from({ length: readCount(count, 'count', 1, maxBlocks) }, () => even)
        : readDurations(durations),
    );
    return this.now();
  }

  /** A block every `block_time` seconds, from now on; null: by command only. Each may be late by a `variation` of it, 0 to 0.9. */
  @Put('clock')
  async pace(@Body() body: unknown) {
    const fields = readBody(body, ['block_time', 'variation']);
    const blockTime = fields['block_time'];
    const variation = fields['variation'] ?? 0;
    if (typeof variation !== 'number' || !(variation >= 0 && variation <= 0.9)) {
      throw new BadRequestException('variation must be a number from 0 to 0.9.');
    }
    await this.ledger.pace(
      blockTime === null ? null : readSeconds(blockTime, 'block_time', 0.01, bounds.max),
      variation,
    );
    return this.now();
  }

  /** Replaces the newest blocks by others: `{depth, loses}`; with `loses` what happened in them is gone. */
  @Post('reorg')
  @HttpCode(200)
  async reorganise(@Body() body: unknown) {
    const { depth, loses } = readBody(body, ['depth', 'loses']);
    await this.ledger.reorganise(
      readCount(depth, 'depth', 1, maxBlocks),
      loses === undefined ? false : readFlag(loses, 'loses'),
    );
    return this.now();
  }

  private now() {
    const { clock } = this.ledger;
    const block = clock.latest();
    return { block: { ...block, timestamp: clock.time(block.number) }, ...paceOf(clock) };
  }
}

/** How fast blocks are made, as the devnet answers it: in seconds; null: by command only. */
export function paceOf(clock: BlockClock): { block_time: number | null; variation: number } {
  const { blockTime, variation } = clock.pace;
  return { block_time: blockTime === null ? null : blockTime / 1000, variation };
}

function readDurations(value: unknown): number[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxBlocks) {
    throw new BadRequestException(`durations must be a list of 1 to ${maxBlocks} numbers.`);
  }
  return value.map((duration) => readSeconds(duration, 'Each of durations', bounds.min, bounds.max));
}
