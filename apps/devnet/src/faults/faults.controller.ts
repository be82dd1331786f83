import { BadRequestException, Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { readBody, readCount, readSeconds } from '../http/input.ts';
import { Faults, type Fault, type FaultKind } from './faults.ts';

const kinds: readonly string[] = ['refuse', 'delay', 'half', 'silence'] satisfies FaultKind[];

/** Faults on demand, for what is to be tested against a chain that fails. */
@Controller('devnet/faults')
export class FaultsController {
  constructor(private readonly faults: Faults) {}

  @Get()
  all() {
    return { faults: this.faults.all() };
  }

  /** These instead of all others: `{faults: [{path, kind, status, seconds, times}]}`. The first that fits a call counts. */
  @Put()
  set(@Body() body: unknown) {
    const { faults } = readBody(body, ['faults']);
    if (!Array.isArray(faults)) throw new BadRequestException('faults must be a list.');
    this.faults.set(faults.map(readFault));
    return this.all();
  }

  @Delete()
  @HttpCode(204)
  clear(): void {
    this.faults.set([]);
  }
}

function readFault(value: unknown): Fault {
  const {
    path = '',
    kind,
    status = 502,
    seconds = 1,
    times = null,
  } = readBody(value, ['path', 'kind', 'status', 'seconds', 'times']);
  if (typeof path !== 'string')
    throw new BadRequestException('path must be text that is in the path of a call.');
  if (typeof kind !== 'string' || !kinds.includes(kind)) {
    throw new BadRequestException(`kind must be one of ${kinds.join(', ')}.`);
  }
  return {
    path,
    kind: kind as FaultKind,
    status: readCount(status, 'status', 400, 599),
    seconds: readSeconds(seconds, 'seconds', 0, 3600) / 1000,
    times: times === null ? null : readCount(times, 'times', 1, 1_000_000),
  };
}
