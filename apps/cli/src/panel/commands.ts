import { finish } from '../program/finish.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { print } from '../program/print.ts';
import { openHotkey, resolveConnection, type ConnectionOptions } from '../profiles/connection.ts';
import { linkFor, panelOrigin } from './log-in.ts';

type PanelOptions = Pick<ConnectionOptions, 'profile' | 'walletDirectory' | 'wallet' | 'hotkey'>;

export function addPanelCommands(program: HordeCommand): void {
  const panel = program.command('panel').description('the pages of a service for its operators');
  panel.examples('horde panel login https://panel.example/');
  panel
    .command('login')
    .description('print a link that logs a browser in to a panel, with a hotkey of its PANEL_HOTKEYS')
    .argument('<url>', 'of the panel: https://…, or http://127.0.0.1:… on its machine and through ssh -L')
    .option('--profile <name>', 'whose wallet counts where nothing else names it (HORDE_PROFILE)')
    .option('--wallet-directory <folder>', 'of all wallets (BITTENSOR_WALLET_DIRECTORY)')
    .option('--wallet <name>', 'the wallet (BITTENSOR_WALLET_NAME)')
    .option('--hotkey <name>', 'of the wallet (BITTENSOR_WALLET_HOTKEY_NAME)')
    .examples(
      'horde panel login https://panel.example/',
      'horde panel login http://127.0.0.1:9000 --wallet mine',
    )
    .action((url: string, options: PanelOptions) =>
      finish(async (signal) => {
        const origin = panelOrigin(url);
        const hotkey = await openHotkey(await resolveConnection(options));
        print(await linkFor(origin, hotkey, signal));
        process.stderr.write(`It logs in as ${hotkey.address}, once, within a minute.\n`);
        return 0;
      }, null),
    );
}
