import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { jobPort, untilHealthy } from './health.ts';
import { type Proxy, serveProxy } from './proxy.ts';

/** The port that a proxy listens on inside its container. */
export const proxyPort = 8443;

/** What a proxy is told, as one line of JSON on its standard input: never by its environment, which others may see. */
export interface ProxyOrders {
  /** The job's address in its network. */
  host: string;
  key: string;
  certificate: string;
  clientCertificate: string;
}

/** What a proxy says, a line of JSON each on its standard output. */
export type ProxyReport = { health: string } | { listening: true };

/**
 * The program of a streaming job's proxy container. Reads its orders, waits until the job is healthy, and then serves
 * until its standard input ends, which it also does when the executor dies.
 */
export async function runStreamingProxy(): Promise<void> {
  let proxy: Proxy | undefined;
  const lines = createInterface({ input: process.stdin });
  lines.once('close', async () => {
    await proxy?.close();
    process.exit(0);
  });
  const [line] = (await once(lines, 'line')) as [string];
  const { host, ...identities } = JSON.parse(line) as ProxyOrders;
  await untilHealthy(host, new AbortController().signal, (health) => say({ health }));
  proxy = await serveProxy({ ...identities, port: proxyPort, target: { host, port: jobPort } });
  say({ listening: true });
}

function say(report: ProxyReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
