import { HordeClientError, type HordeClient, type ListedValidator } from '@horde/sdk';
import { finish } from '../program/finish.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { print } from '../program/print.ts';
import { connectionOptions, openClient, type ConnectionOptions } from '../profiles/connection.ts';
import { table } from '../terminal/table.ts';
import { plain } from '../terminal/words.ts';

export function addValidatorCommands(program: HordeCommand): void {
  const validators = program.command('validators').description('who takes jobs from a facilitator');
  validators.examples('horde validators list');
  connectionOptions(validators.command('list').description('the validators that jobs can be for'))
    .option('--json', 'print one line of JSON')
    .examples('horde validators list')
    .action((options: ConnectionOptions & { json?: boolean }) =>
      finish((signal) => list(options, signal), null),
    );
}

async function list(options: ConnectionOptions & { json?: boolean }, signal: AbortSignal): Promise<number> {
  const { client, connection } = await openClient(options);
  const known = await validatorsOf(client, signal);
  if (options.json) print(JSON.stringify(known));
  else if (known === null) print('This facilitator does not tell which validators there are.');
  else if (known.length === 0) print('This facilitator knows no validator.');
  else {
    const rows = known.map(({ hotkey, connected, version }) => [
      hotkey === connection.validator ? '*' : '',
      plain(hotkey),
      connected ? 'yes' : 'no',
      plain(version ?? ''),
    ]);
    table([['', 'VALIDATOR', 'CONNECTED', 'VERSION'], ...rows]).forEach(print);
  }
  return 0;
}

/** null: the facilitator does not tell. */
export async function validatorsOf(
  client: HordeClient,
  signal: AbortSignal,
): Promise<ListedValidator[] | null> {
  try {
    return await client.getValidators({ signal });
  } catch (error) {
    if (error instanceof HordeClientError && error.code === 'NOT_SUPPORTED') return null;
    throw error;
  }
}
