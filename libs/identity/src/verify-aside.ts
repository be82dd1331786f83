import { bytesOfHex, type Signable } from './bytes.ts';
import { verifyHex } from './verify.ts';
import { VerifierPool } from './verifier-pool.ts';

/** From here on a signature takes milliseconds to verify, about 20 for each MB. @unit characters or bytes */
const minLarge = 64 * 1024;

let thread: VerifierPool | undefined;

/**
 * As `verifyHex`; a signature over something large is verified on a thread beside, one after another, so that nobody
 * else has to wait for it.
 *
 * @throws IdentityError when the thread ends (out of memory)
 */
export async function verifyHexAside(
  data: Signable,
  signature: string,
  hotkey: string | Uint8Array,
): Promise<boolean> {
  if (data.length < minLarge || !isSignature(signature)) return verifyHex(data, signature, hotkey);
  thread ??= new VerifierPool({ size: 1 });
  const [holds] = await thread.verifyAll([{ data, signature, hotkey }]);
  return holds!;
}

const isSignature = (text: string): boolean =>
  text.startsWith('0x') && bytesOfHex(text.slice(2), 64) !== null;
