import { Database } from '@horde/database';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { scrape } from '@horde/testing/metrics';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager(), { version: '1.2' });
});
afterAll(() => miner.close());

const get = (path: string, method = 'GET') =>
  fetch(miner.url.replace('ws', 'http') + path, { method, redirect: 'manual' });
const text = async (path: string) => (await get(path)).text();
const scraped = (path?: string) => scrape(miner.url.replace('ws', 'http'), path);
const metricsAt = async (path?: string) => (await scraped(path)).text();
/** The value of a metric; undefined when there is none with these labels. */
const value = (metrics: string, name: string) =>
  metrics
    .split('\n')
    .find((line) => line.startsWith(`${name} `))
    ?.split(' ')[1];

describe('whoever looks whether a miner is there', () => {
  it.each(['/admin/login/', '/admin/login'])('gets 200 and a page at %s', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toContain('./horde run miner create_admin NAME');
  });

  it('is led from / to /admin/, and from there to the page', async () => {
    expect(await get('/')).toMatchObject({ status: 302 });
    expect((await get('/')).headers.get('location')).toBe('/admin/');
    expect((await get('/admin/')).headers.get('location')).toBe('/admin/login/');
  });

  it('gets 200 at / where a balancer looks there, and the panel where it was', async () => {
    const shielded = await MinerUnderTest.start(new RecordingManager(), { rootAnswers: true });
    onTestFinished(() => shielded.close());
    const url = shielded.url.replace('ws', 'http');
    for (const method of ['GET', 'HEAD']) expect((await fetch(url, { method })).status).toBe(200);
    expect((await fetch(`${url}/admin/login/`)).status).toBe(200);
  });

  it('gets 200 for HEAD, and 404 for what is not there', async () => {
    expect((await get('/admin/login/', 'HEAD')).status).toBe(200);
    expect((await get('/admin/other/')).status).toBe(404);
    expect((await get('/nowhere')).status).toBe(404);
  });
});

describe('the metrics', () => {
  it('tell of the process, and who the miner is, in Prometheus’ text format', async () => {
    const response = await scraped();
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const metrics = await response.text();
    expect(Number(value(metrics, 'process_resident_memory_bytes'))).toBeGreaterThan(1e7);
    expect(
      value(metrics, `miner_info{version="1.2",hotkey="${miner.hotkey}",bittensor_network="local"}`),
    ).toBe('1');
    expect(value(metrics, 'miner_slots{executor_class="always_on.test"}')).toBe('2');
  });

  it('count jobs, slots, connections and what waits for validators', async () => {
    const { connection, job_uuid } = await (await miner.validator()).accepted();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    const other = await miner.knock('no-such-token');
    // What was measured before may be told for two seconds.
    await expect.poll(() => metricsAt()).toContain('slots_taken{');
    const metrics = await metricsAt();
    expect(value(metrics, 'miner_jobs{status="accepted"}')).toBe('1');
    expect(value(metrics, 'miner_slots_taken{executor_class="always_on.test"}')).toBe('1');
    expect(value(metrics, 'miner_connections{peer="validator"}')).toBe('1');
    expect(Number(value(metrics, 'miner_connections{peer="executor"}'))).toBeGreaterThanOrEqual(1);
    expect(Number(value(metrics, 'miner_outbox_waiting'))).toBeGreaterThanOrEqual(1);
    expect(metrics).toContain('# TYPE miner_receipts_stored_total counter');
    expect(metrics).toContain('# TYPE miner_receipts_refused_total counter');
    expect(
      Number(value(await metricsAt('/business-metrics'), 'miner_validators_active')),
    ).toBeGreaterThanOrEqual(1);
    for (const peer of [connection, executor, other]) await peer.close();
    await expect.poll(async () => value(await metricsAt(), 'miner_connections{peer="validator"}')).toBe('0');
  });

  it('scan the jobs once at a time, also when that takes longer than the pause between two who ask', async () => {
    const { manager } = miner.part(Database);
    const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
    const ask = manager.query.bind(manager);
    let scans = 0;
    const query = vi.spyOn(manager, 'query').mockImplementation(async (...args) => {
      if (/from job where ended_at is not null/.test(args[0])) scans++;
      await isReleased;
      return ask(...args) as Promise<never>;
    });
    const now = performance.now();
    vi.useFakeTimers({ toFake: ['performance'] });
    vi.advanceTimersByTime(now + 60_000); // it begins at 0
    const first = metricsAt('/business-metrics');
    await expect.poll(() => scans).toBe(1);
    vi.advanceTimersByTime(10_000);
    const others = Array.from({ length: 20 }, (_, n) => metricsAt(n % 2 ? '/metrics' : '/business-metrics'));
    await text('/version'); // those before it have come, too
    release();
    for (const answer of await Promise.all([first, ...others])) expect(answer).toContain('# TYPE miner_');
    expect(scans).toBe(1);
    query.mockRestore();
    vi.useRealTimers();
  });
});
