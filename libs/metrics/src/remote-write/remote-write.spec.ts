import { randomBytes } from 'node:crypto';
import { because } from '@horde/testing/missing';
import { missingPrometheus, startPrometheus } from '@horde/testing/prometheus';
import { startRemoteWriteReceiver, unsnap } from '@horde/testing/remote-write-receiver';
import { Counter, Histogram, Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { remoteWrite } from './remote-write.ts';
import { snappy } from './snappy.ts';

describe('what is compressed by Snappy', () => {
  it.each<[what: string, bytes: Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a few bytes', Buffer.from('abc')],
    ['the same byte again and again', Buffer.alloc(1_000, 'a')],
    ['what cannot be compressed', randomBytes(100_000)],
    [
      'what comes again too far behind',
      Buffer.concat([Buffer.from('again'), randomBytes(70_000), Buffer.from('again')]),
    ],
    [
      'lines that are much alike',
      Buffer.from(Array.from({ length: 5_000 }, (_, i) => `series ${i}`).join('\n')),
    ],
  ])('is the same after it: %s', (_what, bytes) => {
    expect(unsnap(snappy(bytes)).equals(bytes)).toBe(true);
  });

  it('is less where there is something to save', () => {
    expect(snappy(Buffer.alloc(10_000, 'series'.repeat(9))).length).toBeLessThan(1_000);
  });
});

function registry(): Registry {
  const all = new Registry();
  new Counter({ name: 'jobs', help: 'x', labelNames: ['status'], registers: [all] }).inc(
    { status: 'größe' },
    3,
  );
  new Histogram({ name: 'waits', help: 'x', buckets: [1, 2], registers: [all] }).observe(1.5);
  return all;
}

const push = (url: string, headers = {}) =>
  remoteWrite(new URL(url), registry(), { hotkey: '5F' }, () => headers, AbortSignal.timeout(30_000));

describe('remote write', () => {
  it('sends each series of the page with its value, its labels in order, and those that are added', async () => {
    const receiver = await startRemoteWriteReceiver();
    onTestFinished(() => void receiver.close());
    const before = Date.now();
    await push(receiver.url, { 'x-more': 'yes' });
    const [{ headers, series }] = receiver.written as [(typeof receiver.written)[0]];
    expect(headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      'x-more': 'yes',
    });
    expect(series.every(({ at }) => at >= before && at <= Date.now())).toBe(true);
    const shown = series.map(({ labels, value }) => [labels.map((pair) => pair.join('=')).join(' '), value]);
    expect(shown).toEqual([
      ['__name__=jobs hotkey=5F status=größe', 3],
      ['__name__=waits_bucket hotkey=5F le=1', 0],
      ['__name__=waits_bucket hotkey=5F le=2', 1],
      ['__name__=waits_bucket hotkey=5F le=+Inf', 1],
      ['__name__=waits_sum hotkey=5F', 1.5],
      ['__name__=waits_count hotkey=5F', 1],
    ]);
  });

  it('says who has not taken it, and why', async () => {
    const receiver = await startRemoteWriteReceiver();
    onTestFinished(() => void receiver.close());
    receiver.status = 403;
    await expect(push(receiver.url)).rejects.toThrow(/^http:\S+ answered with 403: as the spec wants it$/);
    await expect(push('http://127.0.0.1:1/')).rejects.toThrow('http://127.0.0.1:1 does not answer');
  });

  it.skipIf(missingPrometheus !== null)(
    `is taken by a real Prometheus${because(missingPrometheus)}`,
    { timeout: 60_000 },
    async () => {
      const prometheus = await startPrometheus(
        { 'prometheus.yml': '' },
        '--web.enable-remote-write-receiver',
      );
      onTestFinished(() => prometheus.stop());
      await push(`${prometheus.url}/api/v1/write`);
      expect(await prometheus.query('jobs == 3')).toEqual([
        { __name__: 'jobs', hotkey: '5F', status: 'größe' },
      ]);
      expect(await prometheus.query('waits_bucket')).toHaveLength(3);
    },
  );
});
