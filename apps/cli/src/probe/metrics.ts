import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';
import { UsageError } from '../usage-error.ts';
import { severities, type Severity } from './probe.ts';

export interface MetricsServer {
  port: number;
  /** @param launched when the probe began @unit ms since 1970 */
  count(severity: Severity, launched: number): void;
}

export interface MetricsOptions {
  /** 0: any free one. */
  port: number;
  /** Files in PEM; without them the metrics are served over plain HTTP. */
  certFile?: string;
  keyFile?: string;
}

/** Serves `/metrics` under the names of ComputeHorde's probe. @throws UsageError when it cannot listen, or has one file only */
export async function serveMetrics({ port, certFile, keyFile }: MetricsOptions): Promise<MetricsServer> {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({
    name: 'health_severity_total',
    help: 'Probes by how they ended: 0 healthy, 1 busy, 2 unhealthy.',
    labelNames: ['level'],
    registers,
  });
  const launch = new Gauge({
    name: 'health_severity_probe_launch_timestamp',
    help: 'When the last probe that has ended began, in seconds since 1970.',
    registers,
  });
  severities.forEach((_severity, level) => counter.inc({ level }, 0));
  const answer: RequestListener = (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    void registry.metrics().then((text) => {
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    });
  };
  const tls = tlsOf(certFile, keyFile);
  const server = tls ? createHttpsServer(tls, answer) : createHttpServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          `Port ${port} cannot be listened on (${error.code}): name another with --metrics-port.`,
        ),
      ),
    );
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    count: (severity, launched) => {
      counter.inc({ level: severities.indexOf(severity) });
      launch.set(launched / 1000);
    },
  };
}

function tlsOf(certFile?: string, keyFile?: string): { cert: Buffer; key: Buffer } | null {
  if (!certFile && !keyFile) return null;
  if (!certFile || !keyFile) throw new UsageError('--metrics-cert and --metrics-key go together.');
  try {
    return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  } catch (error) {
    const { path, code } = error as NodeJS.ErrnoException;
    throw new UsageError(`The file ${path} cannot be read (${code}).`);
  }
}
