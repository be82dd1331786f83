import { make, SingleFilePut, SingleFileVolume } from '@horde/protocol';
import { serveProxy } from '@horde/testing/http-proxy';
import { afterEach, expect, it, vi } from 'vitest';
import { runJob, shell, useImage, webServer } from '../testing/run-job.ts';

const image = useImage();

afterEach(() => void vi.unstubAllEnvs());

it('behind a proxy that is trusted, a job gets its volume and uploads its output, and learns nothing of the proxy', async () => {
  const server = new URL(await webServer('from far away'));
  const proxy = await serveProxy({ port: Number(server.port) });
  for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY']) vi.stubEnv(name, proxy.url);
  vi.stubEnv('no_proxy', '');
  const url = 'http://storage.invalid/text';
  const { last } = await runJob(image, {
    initial: { volume: make(SingleFileVolume, { url, relative_path: 'in' }) },
    job: {
      docker_run_cmd: shell('cat /volume/in; env | grep -i proxy; echo out >/output/out'),
      output_upload: make(SingleFilePut, { url, relative_path: 'out' }),
    },
    settings: { allowPrivateAddresses: false, trustProxy: true },
  });
  expect(last).toMatchObject({
    message_type: 'V0JobFinishedRequest',
    docker_process_stdout: 'from far away',
    upload_results: { out: expect.stringContaining('from far away') as string },
  });
  expect(proxy.asked).toEqual([url, url]);
});

it('behind a proxy that is not trusted, a job fails whose volume is on a host that is known to the proxy alone', async () => {
  const proxy = await serveProxy({ port: 1 });
  for (const name of ['HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, proxy.url);
  vi.stubEnv('no_proxy', '');
  const volume = make(SingleFileVolume, { url: 'http://storage.invalid/text', relative_path: 'in' });
  const { last } = await runJob(image, { initial: { volume }, settings: { allowPrivateAddresses: false } });
  expect(last).toMatchObject({
    message_type: 'V0JobFailedRequest',
    reason: 'download_failed',
    message: expect.stringContaining('VOLUME_TRUST_PROXY') as string,
  });
  expect(proxy.asked).toEqual([]);
});
