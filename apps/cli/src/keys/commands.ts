import { createHotkey, walletHotkeyPath } from '@horde/identity';
import { UsageError } from '../usage-error.ts';
import { finish } from '../program/finish.ts';
import { print } from '../program/print.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { askHidden, canAsk, standardInput } from '../terminal/ask.ts';
import { table } from '../terminal/table.ts';
import { listHotkeys } from './wallets.ts';
import { self } from '../program/self.ts';

interface KeyOptions {
  walletDirectory: string;
  wallet: string;
  hotkey: string;
  json?: boolean;
}

const usualFolder = process.env['BITTENSOR_WALLET_DIRECTORY'] || '~/.bittensor/wallets';

export function addKeyCommands(program: HordeCommand): void {
  const keys = program
    .command('keys')
    .description('the hotkeys that log in and sign, in files as Bittensor keeps them');
  keys.examples('horde keys new --wallet mine', 'horde keys list');

  withNames(keys.command('new').description('make a hotkey with a fresh 12-word phrase'))
    .examples('horde keys new', 'horde keys new --wallet mine --hotkey laptop')
    .action((options: KeyOptions) => finish(() => make(options)));

  withNames(
    keys.command('import').description('make a hotkey file of a phrase, a seed, a private key or a key file'),
  )
    .addHelpText(
      'after',
      `
The secret is typed, unseen, or comes on standard input; never in the command
line, which others may see.`,
    )
    .examples('horde keys import --wallet mine', 'horde keys import --wallet mine <phrase.txt')
    .action((options: KeyOptions) => finish(async () => make(options, await secret())));

  keys
    .command('list')
    .description('the hotkeys of this user')
    .option('--wallet-directory <folder>', 'of all wallets (BITTENSOR_WALLET_DIRECTORY)', usualFolder)
    .option('--json', 'print one line of JSON')
    .examples('horde keys list')
    .action((options: { walletDirectory: string; json?: boolean }) => finish(() => list(options)));
}

const withNames = (command: HordeCommand): HordeCommand =>
  command
    .option('--wallet-directory <folder>', 'of all wallets (BITTENSOR_WALLET_DIRECTORY)', usualFolder)
    .option('--wallet <name>', 'the wallet', 'default')
    .option('--hotkey <name>', 'the hotkey of the wallet', 'default')
    .option('--json', 'print one line of JSON') as HordeCommand;

async function secret(): Promise<string> {
  const text = canAsk() ? await askHidden('Phrase, seed or private key: ') : await standardInput();
  if (text.trim() === '') throw new UsageError('No secret came on standard input.');
  return text;
}

async function make({ walletDirectory, wallet, hotkey, json }: KeyOptions, given?: string): Promise<number> {
  const file = walletHotkeyPath({ directory: walletDirectory, wallet, hotkey });
  const { address } = await createHotkey(file, given);
  print(json ? JSON.stringify({ address, file }) : address);
  process.stderr.write(
    `It is in ${file}. Keep a copy of that file in a safe place: who has it can act as you.\n`,
  );
  return 0;
}

async function list({
  walletDirectory,
  json = false,
}: {
  walletDirectory: string;
  json?: boolean;
}): Promise<number> {
  const hotkeys = await listHotkeys(walletDirectory);
  if (json) print(JSON.stringify(hotkeys));
  else if (hotkeys.length === 0)
    print(`There is no hotkey in ${walletDirectory}. Make one: ${self} keys new`);
  else {
    const rows = hotkeys.map(({ wallet, hotkey, address, note }) => [
      wallet,
      hotkey,
      address ?? '?',
      note ?? '',
    ]);
    table([['WALLET', 'HOTKEY', 'ADDRESS', ''], ...rows]).forEach(print);
  }
  return 0;
}
