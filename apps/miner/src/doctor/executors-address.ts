import { once } from 'node:events';
import { createServer } from 'node:http';
import { runTool, toolsImage } from '@horde/job-runner';
import { hostAndPort } from '../connections/own-address.ts';
import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import { addressForExecutors } from '../executors/address-for-executors.ts';
import type { MinerSettings } from '../settings.ts';
import { engine } from './engine.ts';

/** How long the container may take. @unit ms */
const patience = 30_000;

/** Looks from a container whether executors in containers of this machine reach the miner. */
export async function checkExecutorsAddress(
  settings: MinerSettings,
  environment: Record<string, string | undefined>,
): Promise<Finding> {
  const check = 'address for executors';
  const fix =
    'Set ADDRESS_FOR_EXECUTORS to an address of this machine that containers reach, and let them in.';
  const port = settings.portForExecutors ?? settings.port;
  if (port === 0) return ok(check, 'Not looked at: the miner takes any free port.');
  let host: string;
  try {
    host = await addressForExecutors(settings);
  } catch (error) {
    return fail(check, `${fullReasonOf(error)}.`, fix);
  }
  const address = hostAndPort(host, port);
  const ownPort = port === settings.port;
  const listener = ownPort ? await standIn(settings.host, port) : null;
  try {
    const docker = engine(environment);
    const { exitCode, stderr } = await runTool(docker, {
      image: await toolsImage(docker),
      command: ['/bin/busybox', 'nc', '-w', '5', host, String(port)],
      hostConfig: { NetworkMode: 'bridge' },
      signal: AbortSignal.timeout(patience),
    });
    if (exitCode === 0) return ok(check, `Containers reach the miner at ${address}.`);
    const says = `Containers do not reach the miner at ${address}: ${stderr.trim().replace(/^nc: /, '')}.`;
    return ownPort ? fail(check, says, fix) : warn(check, says, `${fix} The miner has to run for this.`);
  } catch (error) {
    return warn(check, `It could not be looked at: ${fullReasonOf(error)}.`, fix);
  } finally {
    listener?.close();
  }
}

/** Answers in place of a miner that does not run; null: something has the port, the miner as a rule. */
async function standIn(host: string, port: number) {
  const server = createServer((_request, response) => response.end());
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return server;
  } catch {
    return null;
  }
}
