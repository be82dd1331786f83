import { once } from 'node:events';
import http from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { jobPort, untilHealthy } from './health.ts';

/** An address of this machine where nothing else serves jobs, and a server there. */
let addresses = 0;
async function hostThat(answers?: http.RequestListener): Promise<string> {
  const host = `127.${process.pid % 251}.${(process.pid >> 8) % 251}.${++addresses}`;
  if (!answers) return host;
  const server = http.createServer(answers).listen(jobPort, host);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return host;
}

it.each<[string, http.RequestListener | undefined, string]>([
  ['does not listen', undefined, 'the connection was refused'],
  ['answers with 503', (_, response) => response.writeHead(503).end(), 'it was answered with HTTP 503'],
  [
    'points elsewhere',
    (_, response) => response.writeHead(302, { location: '/' }).end(),
    'it was answered with HTTP 302',
  ],
  ['does not answer', () => undefined, 'no answer came within 5 s'],
])('a job that %s is not healthy, and the reason is told', async (_how, answers, reason) => {
  const stop = new AbortController();
  const told: string[] = [];
  const healthy = untilHealthy(await hostThat(answers), stop.signal, (answer) => {
    told.push(answer);
    if (answer === reason) stop.abort(new Error('enough'));
  });
  await expect(healthy).rejects.toThrow('enough');
  expect(told[0]).toBe('no answer came yet');
});

it('a job that begins to answer with 200 is healthy from then on', async () => {
  let asked = 0;
  const host = await hostThat((_, response) => response.writeHead(++asked < 3 ? 503 : 200).end());
  await untilHealthy(host, new AbortController().signal, () => undefined);
  expect(asked).toBe(3);
});
