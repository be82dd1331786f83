import { SettingsError } from '@horde/settings';
import { handOver, takeBack, takeIn } from './hand-over.ts';
import { pending } from './pending.ts';
import { removeCluster, useCluster } from './postgres/clusters.ts';
import { upgradePostgres } from './postgres/upgrade.ts';
import { forgetTakeOver, giveBackups, giveOut, leaveNote, noteTakeOver, prepare, take } from './prepare.ts';
import { reset } from './reset.ts';
import { restore } from './restore.ts';
import { roleOf, type Role } from './roles.ts';
import { run } from './run.ts';
import { complain, print, say } from './say.ts';
import { sentencesOf } from './sentences.ts';
import { supportBundle } from './support-bundle.ts';
import { carryOn } from './update/carry-on.ts';
import { newest, status, update } from './update/commands.ts';
import { StateFile, type ReleaseState } from './update/release-state.ts';

// The services go on without it.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

/** What an operator types behind `docker exec CONTAINER runner`. It answers with the exit code, where that is not 0. */
const commands: Record<
  string,
  { does: string; run: (role: Role, words: string[]) => Promise<number | void> }
> = {
  pending: { does: 'says what has changed in .env and is not in use yet', run: pending },
  reset: { does: 'makes a backup, and starts the service with an empty database', run: reset },
  restore: { does: 'puts a backup of BACKUP_FOLDER into the database', run: restore },
  status: { does: 'says which release runs, what is offered, and what waits', run: status },
  upgrade_postgres: {
    does: 'brings the database to the Postgres of this release, with a backup first; behind it back: returns',
    run: upgradePostgres,
  },
  newest: { does: 'says which number the newest list of a channel had that was seen here', run: newest },
  update: { does: 'updates now, whatever share and window say', run: update },
  hand_over: {
    does: 'ends the service here for good, and writes what it has, for another host',
    run: handOver,
  },
  take_in: { does: 'takes in what another host hands over', run: takeIn },
  take_back: { does: 'has the service work here again that was handed over', run: takeBack },
  support_bundle: {
    does: 'writes one archive for those who are to help, without secrets',
    run: supportBundle,
  },
};

/** What the runner has a container of its own do. */
const parts: Record<string, (words: string[]) => Promise<void>> = {
  'note-take-over': noteTakeOver,
  'forget-take-over': forgetTakeOver,
  'give-backups': async ([owner = '']) => void process.stdout.write(await giveBackups(owner)),
  'give-out': ([file = '']) => giveOut(file),
  take: ([file = '', owner = '']) => take(file, owner),
  'read-release': async () => void process.stdout.write(JSON.stringify(await new StateFile().read())),
  'use-cluster': async ([major, image = '']) => useCluster(Number(major), image),
  'remove-cluster': async ([major]) => removeCluster(Number(major)),
  'leave-note': async ([note = '']) => leaveNote(note),
  'note-release': async ([change = '{}']) => {
    const state = await new StateFile().note(JSON.parse(change) as Partial<ReleaseState>);
    process.stdout.write(JSON.stringify(state));
  },
  prepare: async ([wallet, hotkey, optional]) => {
    const isNeeded = optional === undefined;
    const prepared = await prepare(
      wallet === undefined || hotkey === undefined ? null : { wallet, hotkey, isNeeded },
    );
    process.stdout.write(JSON.stringify(prepared));
  },
};

function help(): void {
  print('Without a word it starts the service, and follows it. Beside that:');
  for (const [word, { does }] of Object.entries(commands)) print(`  ${word.padEnd(16)} ${does}`);
}

const [word, ...words] = process.argv.slice(2);
try {
  const role = () => roleOf(process.env['RUNNER_OF']);
  if (word === undefined) await run(role());
  else if (word === 'carry-on') await carryOn(role());
  else if (Object.hasOwn(parts, word)) await parts[word]!(words);
  else if (Object.hasOwn(commands, word)) process.exitCode = (await commands[word]!.run(role(), words)) ?? 0;
  else {
    if (!['help', '--help'].includes(word)) {
      process.stderr.write(`There is no ${word}.\n`);
      process.exitCode = 2;
    }
    help();
  }
} catch (error) {
  sentencesOf(error).forEach(word === undefined || word === 'carry-on' ? say : complain);
  // The engine starts this container again, after a pause that gets longer, and it sees what .env says then.
  process.exitCode = error instanceof SettingsError ? 2 : 1;
}
