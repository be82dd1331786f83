import { Database } from '@horde/database';
import type { MinerContext } from '../commands/miner-context.ts';
import { makeExecutorManager } from '../executors/make-executor-manager.ts';
import { heldSlots, placed } from '../panel/executor-hosts.ts';
import { serversFileOf } from './servers-file-of.ts';

/** The hosts of the operator's file: a line for each, with its class, what it does, and why it does nothing. */
export async function listHosts(context: MinerContext): Promise<string> {
  const settings = context.settings();
  const { servers } = await serversFileOf(settings, { write: false });
  const manager = await makeExecutorManager(settings, context.environment, context.logger);
  try {
    const held = await context.use((app) => heldSlots(app.get(Database)));
    const rows = placed((await manager.hosts?.()) ?? [], held).filter(({ name }) => name !== null);
    const lines = rows.map(({ name, executor_class: executorClass, executors, trouble, running }) => {
      const isDraining = servers.some((server) => server.name === name && server.draining);
      const works = running.length < executors ? 'free' : 'busy';
      const state = isDraining ? 'draining' : trouble === null ? works : 'away';
      const uses = `${running.length} of ${executors}`;
      const reason = trouble ?? running.map(({ state: of, job }) => (job ? `${of} ${job}` : of)).join(', ');
      return [name!, executorClass, uses, state, reason];
    });
    return table([['name', 'class', 'runs', 'state', 'reason'], ...lines]);
  } finally {
    await manager.close?.();
  }
}

function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
