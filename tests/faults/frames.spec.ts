import { describe, expect, it } from 'vitest';
import { FrameCutter, Mixer, type Mixing } from './suite/frames.ts';

const head = Buffer.from('GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
const text = (length: number, fill = 'a'): Buffer => {
  const header =
    length < 126
      ? [0x81, length]
      : length < 65_536
        ? [0x81, 126, length >> 8, length & 0xff]
        : [0x81, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from(header), Buffer.alloc(length, fill)]);
};
const masked = Buffer.from([0x81, 0x82, 1, 2, 3, 4, 9, 9]);
const ping = Buffer.from([0x89, 0]);

describe('frames of a websocket', () => {
  it.each([1, 97, 1_000, 1_000_000])('are cut whole out of pieces of %i bytes', (size) => {
    const frames = [head, text(3), masked, text(300), ping, text(70_000), text(0)].filter(
      ({ length }) => length <= size * 1_000,
    );
    const all = Buffer.concat(frames);
    const cutter = new FrameCutter();
    const cut: Buffer[] = [];
    for (let at = 0; at < all.length; at += size) cut.push(...cutter.push(all.subarray(at, at + size)));
    expect(cut).toEqual(frames);
  });

  it('and not what is no websocket', () => {
    const cutter = new FrameCutter();
    const page = Buffer.from('GET /page HTTP/1.1\r\n\r\nand more');
    expect(cutter.push(page)).toEqual([page]);
    expect(cutter.push(masked)).toEqual([masked]);
  });

  const mixed = (mixing: Mixing | null, frames: Buffer[]): Buffer[] => {
    const mixer = new Mixer();
    return frames.flatMap((frame) => mixer.mix(frame, mixing));
  };
  const [one, two] = [text(1, 'a'), text(1, 'b')];

  it.each<[string, Mixing | null, Buffer[], Buffer[]]>([
    ['as they come', null, [one, ping, two], [one, ping, two]],
    ['twice', 'twice', [one, ping, two], [one, one, ping, two, two]],
    ['with an earlier one behind', 'replayed', [one, two], [one, two, one]],
  ])('are passed on %s', (_how, mixing, frames, passed) => {
    expect(mixed(mixing, frames)).toEqual(passed);
  });
});
