import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '@horde/database';
import { editServersFile, withoutServer, withSetting, type ServerSpec } from '@horde/executor-manager';
import { UsageError } from '@horde/commands';
import type { MinerContext } from '../commands/miner-context.ts';
import { serversFileOf } from './servers-file-of.ts';

/** How often is looked whether anything still runs there. @unit ms */
const pause = 1_000;

/**
 * Takes a host out of the operator's file once nothing runs there; from the first moment it gets no more jobs.
 *
 * @param name of the server, or USER@HOST, or HOST
 * @throws UsageError, ServersFileError; when it is interrupted the host stays as one without new jobs
 */
export async function removeHost(context: MinerContext, name: string): Promise<void> {
  const settings = context.settings();
  const { file, servers } = await serversFileOf(settings, { write: true });
  const server = found(servers, name);
  const edit = (change: (text: string) => string, expected: (all: ServerSpec[]) => ServerSpec[]) =>
    editServersFile(file, settings.executorClass, change, expected);
  await context.use(async (app) => {
    const { manager } = app.get(Database);
    const [{ now }] = await manager.query<[{ now: string }]>('select now()::text as now');
    await edit(
      (text) => withSetting(text, server.name, 'draining', true),
      (all) => all.map((one) => (one.name === server.name ? { ...one, draining: true } : one)),
    );
    context.print(`${server.name} gets no more jobs.`);
    for (let last = -1; ; await sleep(pause, undefined, { signal: context.signal })) {
      // Those that are being started may be on their way there: the miner looks at the file once a second.
      const [{ running }] = await manager.query<[{ running: number }]>(
        `select count(*)::int as running from (
           select executor_class as class, executor_handle as handle, accepted_at as at from job where slot_held
           union all select executor_class, executor_handle, requested_at from warm_executor
         ) held where handle->>'place' = $1
           or handle is null and class = $2 and at < $3::timestamptz + interval '5 seconds'
             or now() < $3::timestamptz + interval '3 seconds'`,
        [server.name, server.executorClass, now],
      );
      if (running === 0) break;
      if (running !== last) context.print(`${running} executors are awaited.`);
      last = running;
    }
  });
  if (servers.length === 1)
    return context.print(
      `Nothing runs on ${server.name}. It is the only server of ${file} and stays there, draining: the file has to name one.`,
    );
  await edit(
    (text) => withoutServer(text, server.name),
    (all) => all.filter((one) => one.name !== server.name),
  );
  context.print(`${server.name} is out of ${file}.`);
}

function found(servers: ServerSpec[], name: string): ServerSpec {
  const named = servers.find((server) => server.name === name);
  const host = name.slice(name.lastIndexOf('@') + 1);
  const there = named ? [named] : servers.filter(({ ssh }) => ssh?.host === host);
  if (there.length === 1) return there[0]!;
  const all = servers.map((server) => server.name).join(', ');
  throw new UsageError(`${there.length === 0 ? 'No server is' : 'Several are'} ${name}. There are: ${all}.`);
}
