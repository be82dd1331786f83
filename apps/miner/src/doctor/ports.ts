import { once } from 'node:events';
import { createServer } from 'node:net';
import { parseStreamingPorts } from '@horde/executor-manager';
import { hostAndPort, minerVersionAt, ownAddress } from '../connections/own-address.ts';
import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import type { MinerSettings } from '../settings.ts';

/** Looks at whether the miner has its port, or can have it. */
export async function checkPort(settings: MinerSettings): Promise<Finding> {
  const check = 'port';
  const { host, port } = settings;
  if (port === 0) return ok(check, 'The miner takes any free port: BITTENSOR_MINER_PORT is 0.');
  const code = await listenError(host, port);
  if (code === null) return ok(check, `Port ${port} is free; the miner does not run.`);
  if (code === 'EADDRINUSE') {
    const version = await minerVersionAt(ownAddress(settings)).catch(() => null);
    if (version !== null) return ok(check, `The miner (version ${version}) listens on port ${port}.`);
    const fix = `Find out who it is (ss -ltnp 'sport = :${port}') and end it, or set BITTENSOR_MINER_PORT to another port.`;
    return fail(check, `Port ${port} is taken by something that is no miner.`, fix);
  }
  const fix =
    code === 'EACCES' ? 'Use a port above 1023, or run as root.' : 'Set HOST to an address of this machine.';
  return fail(check, `The miner cannot listen on ${hostAndPort(host, port)} (${code}).`, fix);
}

/** So many of the ports for streaming jobs are looked at, at most. */
const mostPorts = 50;

/** Looks at whether streaming jobs on this machine find a port. */
export async function checkStreamingPorts({ streamingPorts }: MinerSettings): Promise<Finding> {
  const check = 'streaming ports';
  const fix = 'Set STREAMING_PORTS to ports that no other program uses: 6000-6999.';
  let ports;
  try {
    ports = parseStreamingPorts(streamingPorts).slice(0, mostPorts);
  } catch (error) {
    return fail(check, `STREAMING_PORTS is "${streamingPorts}": ${fullReasonOf(error)}.`, fix);
  }
  const errors = await Promise.all(ports.map(({ port }) => listenError('0.0.0.0', port)));
  const free = errors.filter((error) => error === null).length;
  const says = `${free} of the first ${ports.length} of ${streamingPorts} are free.`;
  return free > 0 ? ok(check, says) : warn(check, says, fix);
}

/** Why nobody could listen there; null: one can. */
async function listenError(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  server.close();
  await once(server, 'close');
  return null;
}
