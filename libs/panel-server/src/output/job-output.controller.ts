import { Get, Param, Req } from '@nestjs/common';
import { JobOutputStore, outputPieces } from '@horde/database';
import type { PanelJobOutput, PanelOutputStream } from '@horde/panel-api';
import { isCanonicalUuid, type OutputStream } from '@horde/protocol';
import { detail, ParameterReader, queryOf } from '@horde/rest';
import type { Request } from 'express';
import { AdminApi } from '../http/admin-api.ts';

/** How much of a stream one answer brings. @unit bytes */
const maxPiece = 96 * 1024;
/** Who comes first gets no more of what was printed before. @unit bytes */
const maxBefore = 512 * 1024;

/** What a job prints, as far as the service has it. */
@AdminApi('jobs')
export class JobOutputController {
  constructor(private readonly store: JobOutputStore) {}

  @Get(':uuid/output')
  async of(@Param('uuid') uuid: string, @Req() request: Request): Promise<PanelJobOutput> {
    if (!isCanonicalUuid(uuid)) throw detail(404, 'There is no such job.');
    const reader = new ParameterReader(queryOf(request));
    const from = { stdout: offsetIn(reader, 'stdout'), stderr: offsetIn(reader, 'stderr') };
    reader.finish();
    const kept = await this.store.of(uuid);
    const stream = (name: OutputStream): Promise<PanelOutputStream> => {
      const received = kept.find((one) => one.stream === name)?.received ?? 0;
      return this.stream(uuid, name, from[name] ?? Math.max(0, received - maxBefore));
    };
    return { is_kept: kept.length > 0, stdout: await stream('stdout'), stderr: await stream('stderr') };
  }

  private async stream(job: string, name: OutputStream, from: number): Promise<PanelOutputStream> {
    const read = (offset: number, max: number) => this.store.read(job, name, offset, max);
    for await (const { offset, data, end } of outputPieces(read, from, maxPiece))
      return { from: offset, to: offset + data.length, text: textOf(data), has_ended: end };
    return { from, to: from, text: '', has_ended: false };
  }
}

/** What is no UTF-8 is shown as such. */
const textOf = (data: Buffer): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(data);

/** @throws Refusal 400 */
function offsetIn(reader: ParameterReader, name: string): number | null {
  return reader.read(name, (raw) =>
    /^\d{1,15}$/.test(raw) ? { value: Number(raw) } : 'It is a number of bytes.',
  );
}
