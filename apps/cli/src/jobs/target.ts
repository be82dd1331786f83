import { isExecutorClass, type ExecutorClass } from '@horde/protocol';
import type { HordeClient } from '@horde/sdk';
import { clientOf, openHotkey, type Connection } from '../profiles/connection.ts';
import { UsageError } from '../usage-error.ts';
import { validatorsOf } from '../validators/commands.ts';
import { self } from '../program/self.ts';

/** @throws UsageError when none is named, or there is none of that name */
export function executorClassOf(given: string | undefined, { executorClass }: Connection): ExecutorClass {
  const name = given ?? executorClass;
  if (name === null) throw new UsageError(`Name an executor class with --class: ${self} classes lists them.`);
  if (!isExecutorClass(name))
    throw new UsageError(`There is no executor class "${name}": ${self} classes lists them.`);
  return name;
}

/** Where no validator is named, the one that is connected, if there is one only. */
export async function clientWithValidator(connection: Connection, signal: AbortSignal): Promise<HordeClient> {
  const hotkey = await openHotkey(connection);
  const client = clientOf(connection, hotkey);
  if (connection.validator !== null) return client;
  const connected = (await validatorsOf(client, signal))?.filter(({ connected }) => connected) ?? [];
  if (connected.length === 1) return clientOf({ ...connection, validator: connected[0]!.hotkey }, hotkey);
  throw new UsageError(
    `Name the validator that is to take the job with --validator: ${self} validators list shows them.`,
  );
}
