/** Cuts what passes one way of a websocket into its head (the upgrade) and its frames; other HTTP stays as it is. */
export class FrameCutter {
  private rest: Buffer = Buffer.alloc(0);
  private isOpen = false;
  private isPlain = false;

  /** @returns what is whole by now, in order */
  push(chunk: Buffer): Buffer[] {
    if (this.isPlain) return [chunk];
    this.rest = Buffer.concat([this.rest, chunk]);
    const whole: Buffer[] = [];
    for (let size = this.next(); size; size = this.next()) {
      whole.push(this.rest.subarray(0, size));
      this.rest = this.rest.subarray(size);
      this.isOpen = true;
    }
    return whole;
  }

  /** The size of what comes next; null: it is not whole yet. */
  private next(): number | null {
    if (!this.isOpen) {
      const end = this.rest.indexOf('\r\n\r\n');
      if (end < 0) return null;
      this.isPlain = !/^upgrade: *websocket/im.test(this.rest.toString('latin1', 0, end));
      return this.isPlain ? this.rest.length : end + 4;
    }
    const size = frameSize(this.rest);
    return size !== null && size <= this.rest.length ? size : null;
  }
}

/** Of a frame with its header; null: the header is not whole yet. @unit bytes */
function frameSize(bytes: Buffer): number | null {
  if (bytes.length < 2) return null;
  const mask = (bytes[1]! & 0x80) === 0 ? 0 : 4;
  const short = bytes[1]! & 0x7f;
  if (short < 126) return 2 + mask + short;
  const header = short === 126 ? 4 : 10;
  if (bytes.length < header) return null;
  return header + mask + (short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)));
}

/** Whether it is a text that is not cut into several frames. */
const isText = (frame: Buffer): boolean => frame[0] === 0x81;

/** How frames are mixed up: each comes twice, or one that was captured comes again. */
export type Mixing = 'twice' | 'replayed';

/** How many frames are captured, the last ones: also those of connections that are gone. */
const mostCaptured = 64;

/** Mixes up the frames that pass one way of a link. A frame has its mask within, so it is good on any connection. */
export class Mixer {
  private readonly captured: Buffer[] = [];
  private captures = 0;

  /** @returns what is to be passed on in place of the frame, in order */
  mix(frame: Buffer, mixing: Mixing | null): Buffer[] {
    if (!isText(frame)) return [frame];
    const earlier = this.earlier();
    this.captured[this.captures++ % mostCaptured] = Buffer.from(frame);
    if (mixing === 'twice') return [frame, frame];
    return mixing === 'replayed' && earlier ? [frame, earlier] : [frame];
  }

  /** Each captured one in its turn. */
  private earlier(): Buffer | null {
    return this.captured[(this.captures * 7) % Math.max(1, this.captured.length)] ?? null;
  }
}
