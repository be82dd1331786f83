import { readFile } from 'node:fs/promises';
import { HttpException } from '@nestjs/common';
import { CannotStart } from '@horde/operations';
import { readBody, readHotkey, readIdentityName, readObject, readToken } from '../http/input.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readParticipant } from './participant.ts';

/**
 * Registers those whom DEVNET_SUBNET_FILE names, and who signs as whom. What they have announced since stays.
 *
 * @throws CannotStart when the file cannot be read, or is wrong
 */
export async function applySubnetFile(file: string, ledger: Ledger): Promise<void> {
  const { neurons, identities } = await readSubnetFile(file);
  const present = new Map(
    ledger.neurons(ledger.clock.latest().number).map(({ hotkey, axon }) => [hotkey, axon]),
  );
  const participants = Object.entries(neurons).map(
    ([hotkey, fields]) =>
      [
        hotkey,
        { ...readParticipant(hotkey, { axon: null, ...fields }), axon: present.get(hotkey) ?? null },
      ] as const,
  );
  await ledger.register(new Map(participants));
  for (const [name, { hotkey, token }] of Object.entries(identities))
    await ledger.setIdentity(name, hotkey, token);
}

interface SubnetFile {
  neurons: Record<string, object>;
  identities: Record<string, { hotkey: string; token: string }>;
}

async function readSubnetFile(file: string): Promise<SubnetFile> {
  try {
    const fields = readBody(JSON.parse(await readFile(file, 'utf8')), ['neurons', 'identities']);
    const neurons = Object.entries(readObject(fields['neurons'])).map(([name, value]) => {
      const hotkey = readHotkey(name, 'Each name in neurons');
      readParticipant(hotkey, { axon: null, ...readObject(value) });
      return [hotkey, value as object] as const;
    });
    const identities = Object.entries(readObject(fields['identities'])).map(([name, value]) => {
      const { hotkey, token } = readBody(value, ['hotkey', 'token']);
      return [
        readIdentityName(name),
        { hotkey: readHotkey(hotkey, 'hotkey'), token: readToken(token) },
      ] as const;
    });
    return { neurons: Object.fromEntries(neurons), identities: Object.fromEntries(identities) };
  } catch (error) {
    const why =
      error instanceof HttpException ? error.message : ((error as NodeJS.ErrnoException).code ?? 'no JSON');
    throw new CannotStart(`DEVNET_SUBNET_FILE names ${file}, which cannot be used: ${why}`);
  }
}
