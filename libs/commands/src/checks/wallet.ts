import { ownHotkeyPath, readHotkey, type WalletSettings } from '@horde/identity';
import { fail, ok, fullReasonOf, type Finding } from '../report.ts';

/** Looks at the hotkey's file. @returns also its address; null: it cannot be read */
export async function checkWallet(
  settings: WalletSettings,
): Promise<{ findings: Finding[]; address: string | null }> {
  const check = 'wallet';
  try {
    const file = ownHotkeyPath(settings);
    const warnings: string[] = [];
    const { address } = await readHotkey(file, warnings);
    const findings = warnings.map((sentence) => {
      const [says = sentence, fix] = sentence.split('; run: ');
      return fail(check, `${says}.`, fix ? `Run: ${fix}` : `Let only the user of the service read ${file}.`);
    });
    return {
      findings: findings.length > 0 ? findings : [ok(check, `${address}, for this user only.`)],
      address,
    };
  } catch (error) {
    const fix =
      'Set BITTENSOR_WALLET_DIRECTORY, BITTENSOR_WALLET_NAME and BITTENSOR_WALLET_HOTKEY_NAME to a hotkey that this user can read.';
    return { findings: [fail(check, `${fullReasonOf(error)}.`, fix)], address: null };
  }
}
