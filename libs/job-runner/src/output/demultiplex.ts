import type { JobOutput, StreamName } from './job-output.ts';

const HEADER = 8;
const streams: Record<number, StreamName> = { 1: 'stdout', 2: 'stderr' };

/**
 * Splits what Docker's attach sends without a terminal: frames of 8 bytes (stream number, three zeroes, length as
 * big-endian uint32) and a payload. Reads no further than `output` has written, so memory stays flat.
 */
export async function demultiplex(attached: AsyncIterable<Buffer>, output: JobOutput): Promise<void> {
  let header = Buffer.alloc(0);
  let stream: StreamName | undefined;
  let left = 0;
  for await (const chunk of attached) {
    const pieces: Record<StreamName, Buffer[]> = { stdout: [], stderr: [] }; // many small frames, one write
    let at = 0;
    while (at < chunk.length) {
      if (left === 0) {
        const part = chunk.subarray(at, at + HEADER - header.length);
        header = Buffer.concat([header, part]);
        at += part.length;
        if (header.length < HEADER) break;
        stream = streams[header[0]!];
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
      } else {
        const piece = chunk.subarray(at, at + left);
        if (stream) pieces[stream].push(piece);
        at += piece.length;
        left -= piece.length;
      }
    }
    for (const name of ['stdout', 'stderr'] as const) {
      const [first, ...others] = pieces[name];
      if (first) await output.write(name, others.length > 0 ? Buffer.concat(pieces[name]) : first);
    }
  }
}
