import { describe, expect, it, vi } from 'vitest';
import { type EngineEvent, type ImageProgress, PullProgress } from './pull-progress.ts';

/** What is told of a pull whose events come so many milliseconds apart. */
function told(events: EngineEvent[], apart = 1000): ImageProgress[] {
  const all: ImageProgress[] = [];
  const progress = new PullProgress('tool:1', (one) => all.push(one));
  vi.useFakeTimers();
  try {
    for (const event of events) {
      progress.read(event);
      vi.advanceTimersByTime(apart);
    }
    progress.end();
  } finally {
    vi.useRealTimers();
  }
  return all;
}
const at = (id: string, status: string, current?: number, total?: number): EngineEvent => ({
  id,
  status,
  ...(current !== undefined && { progressDetail: { current, total: total! } }),
});

describe('the progress of a pull', () => {
  it('counts each layer alike, its download for most of it', () => {
    const events = [
      { status: 'Pulling from org/tool', id: '1' },
      at('a', 'Already exists'),
      at('b', 'Pulling fs layer'),
      at('b', 'Downloading', 2 ** 20, 2 ** 21),
      at('b', 'Download complete'),
      at('b', 'Extracting', 2 ** 20, 2 ** 21),
      at('b', 'Pull complete'),
    ];
    expect(told(events).map(({ percent }) => percent)).toEqual([null, 100, 50, 67, 85, 92, 100, 100]);
  });

  it('says how many layers are there and how much came', () => {
    const events = [
      at('a', 'Already exists'),
      at('b', 'Pulling fs layer'),
      at('b', 'Downloading', 3 * 2 ** 20, 2 ** 30),
    ];
    const sentences = told(events).map(({ sentence }) => sentence);
    expect(sentences.at(-2)).toBe('Pulling the image tool:1: 1 of 2 layers, 3 MiB downloaded.');
    expect(sentences.at(-1)).toBe('The image tool:1 is on this machine.');
  });

  it('counts the bytes of the layers that are not there, and their sum once all are known', () => {
    const events = [
      at('a', 'Already exists'),
      at('b', 'Pulling fs layer'),
      at('c', 'Pulling fs layer'),
      at('b', 'Downloading', 50, 100),
      at('c', 'Downloading', 1, 7),
      at('b', 'Download complete'),
      at('c', 'Download complete'),
    ];
    expect(told(events).map(({ done, total }) => [done, total])).toEqual([
      [0, 0],
      [0, null],
      [0, null],
      [50, null],
      [51, 107],
      [101, 107],
      [107, 107],
      [107, 107],
    ]);
  });

  it('does not fall when a download starts again', () => {
    const events = [
      at('b', 'Pulling fs layer'),
      at('b', 'Downloading', 50, 100),
      at('b', 'Retrying in 5 seconds'),
      at('b', 'Downloading', 10, 100),
    ];
    expect(told(events).map(({ percent }) => percent)).toEqual([0, 35, 35, 35, 100]);
  });

  it('is told twice a second at most, however many events come', () => {
    const events = Array.from({ length: 2000 }, (_, count) => at('b', 'Downloading', count, 2000));
    expect(told(events, 1)).toHaveLength(2000 / 500 + 1);
  });
});
