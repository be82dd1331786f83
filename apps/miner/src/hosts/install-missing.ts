import { allGood, fail, ok, type Finding } from '@horde/commands';
import type { VisitedHost } from '@horde/executor-manager';
import { serverProgram } from './server-program.ts';

/** How long it may take: the packages of a driver have some GB. @unit ms */
const patience = 3_600_000;

/** Whether whoever logs in there can install anything: as the install scripts do, with apt and as root. */
const mayInstall = `sh -c 'command -v bash apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true </dev/null; } 2>/dev/null && echo yes'`;

/**
 * Installs on a host what executors need and is not there, by the steps of `install_miner.sh`: Docker, and for a GPU
 * NVIDIA's driver and container toolkit. What works is left alone, and so is a host where it cannot be done.
 *
 * @returns what was installed, and what could not be
 */
export async function installMissing(
  host: VisitedHost,
  needsGpu: boolean,
  signal: AbortSignal,
): Promise<Finding[]> {
  if ((await host.print(mayInstall))?.trim() !== 'yes') return [];
  const hasEngine = (await host.engineTrouble()) === null;
  const findings = hasEngine ? [] : await step(host, 'docker', 'engine', signal);
  if (needsGpu && allGood(findings)) findings.push(...(await step(host, 'nvidia', 'gpu', signal)));
  return findings;
}

async function step(
  host: VisitedHost,
  check: string,
  name: 'engine' | 'gpu',
  signal: AbortSignal,
): Promise<Finding[]> {
  const values = [name, 'role', 'miner', 'from', 'network', ''].map((value) => `${value}\0`);
  const { exitCode, stderr } = await host.run('exec bash --norc --noprofile -s', {
    input: `${serverProgram}${values.join('')}`,
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
  });
  if (exitCode !== 0) {
    const says = `It could not be installed. ${stderr.trim().split('\n').slice(-3).join(' ')}`;
    return [fail(check, says, 'Put that right there, and type the same line again.')];
  }
  // What it says itself is set in, what others say beside it is not.
  const done = stderr.match(/(?<=^ {2})\S.*$/gm);
  return done ? [ok(check, `Put there: ${done.join(', ')}.`)] : [];
}
