import { Option } from 'commander';
import { executorClasses } from '@horde/protocol';
import type { JobSpec } from '@horde/sdk';
import { clientWithValidator, executorClassOf } from '../jobs/target.ts';
import { connectionOptions, resolveConnection, type ConnectionOptions } from '../profiles/connection.ts';
import { finish } from '../program/finish.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { port, seconds } from '../program/numbers.ts';
import { print } from '../program/print.ts';
import { serveMetrics } from './metrics.ts';
import { probe, probeForEver, type Probed } from './probe.ts';
import { self } from '../program/self.ts';

interface ProbeOptions extends ConnectionOptions {
  class?: string;
  timeout?: number;
  healthy: number;
  busy: number;
  unhealthy: number;
  once?: boolean;
  metricsPort?: number;
  metricsCert?: string;
  metricsKey?: string;
}

/** The limits of a probe's job. @unit s */
const limits = { downloadTimeLimit: 60, executionTimeLimit: 30, uploadTimeLimit: 10 };

export function addProbeCommand(program: HordeCommand): void {
  const number = (flags: string, text: string, variable: string, read = seconds) =>
    new Option(flags, text).env(variable).argParser(read);
  connectionOptions(
    program.command('probe').description('run a small job again and again, and tell how the network is'),
  )
    .argument('[image]', 'the image of its container', 'alpine')
    .argument('[arguments...]', 'of the container, behind "--"')
    .option('--class <name>', `the executor class; "${self} classes" lists them`)
    .option('--once', 'probe once, and end with 0 where the network is healthy, else with 1')
    .addOption(
      number(
        '--timeout <seconds>',
        'a job that has not ended by then is unhealthy (default: all its limits)',
        'JOB_TIMEOUT',
      ),
    )
    .addOption(
      number(
        '--healthy <seconds>',
        'until the next probe after one that completed',
        'PROBING_INTERVAL_HEALTHY',
      ).default(300),
    )
    .addOption(number('--busy <seconds>', 'after one that nobody took', 'PROBING_INTERVAL_BUSY').default(120))
    .addOption(
      number('--unhealthy <seconds>', 'after one that failed', 'PROBING_INTERVAL_UNHEALTHY').default(120),
    )
    .addOption(
      number('--metrics-port <port>', 'serve /metrics for Prometheus there', 'METRICS_SERVER_PORT', port),
    )
    .addOption(new Option('--metrics-cert <file>', 'serve them over TLS').env('METRICS_SERVER_CERTFILE'))
    .addOption(new Option('--metrics-key <file>', 'the key of the certificate').env('METRICS_SERVER_KEYFILE'))
    .examples('horde probe --once', 'horde probe --metrics-port 9100 alpine -- true')
    .action((image: string, args: string[], options: ProbeOptions) =>
      finish((signal) => probeNetwork(image, args, options, signal), null),
    );
}

async function probeNetwork(
  image: string,
  args: string[],
  options: ProbeOptions,
  signal: AbortSignal,
): Promise<number> {
  const connection = await resolveConnection(options);
  const executorClass = executorClassOf(options.class, connection);
  const client = await clientWithValidator(connection, signal);
  const { namespace } = connection;
  const spec: JobSpec = { executorClass, jobNamespace: namespace, dockerImage: image, args, ...limits };
  // The job may take all of its limits, and its executor the time of its class to start.
  const allLimits = Object.values(limits).reduce((sum, limit) => sum + limit, 0);
  const timeout = options.timeout ?? allLimits + executorClasses[executorClass].spinUpTime + startAndWait;
  const run = () => probe(client, spec, timeout, signal);
  const say = ({ severity, sentence }: Probed) =>
    print(`${new Date().toISOString()}  ${severity}  ${sentence}`);
  if (options.once) {
    const probed = await run();
    say(probed);
    return probed.severity === 'healthy' ? 0 : 1;
  }
  const { metricsPort, metricsCert: certFile, metricsKey: keyFile } = options;
  const metrics =
    metricsPort === undefined ? null : await serveMetrics({ port: metricsPort, certFile, keyFile });
  if (metrics) print(`metrics on port ${metrics.port}, at /metrics`);
  const tell = (probed: Probed, launched: number) => {
    metrics?.count(probed.severity, launched);
    say(probed);
  };
  const { healthy, busy, unhealthy } = options;
  return probeForEver({ intervals: { healthy, busy, unhealthy }, run, tell }, signal);
}

/** For the executor's own start, and for a miner that is busy for a moment. @unit s */
const startAndWait = 60;
