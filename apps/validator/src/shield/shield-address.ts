import { isIP } from 'node:net';
import { decrypt } from 'eciesjs';
import { Config } from 'eciesjs/config';
import type { ShieldManifest } from './shield-manifest.ts';

/** As bt-ddos-shield seals: ephemeral key, nonce of 16 bytes, tag, text; AES-256-GCM. */
const sealing = new Config();
sealing.ellipticCurve = 'ed25519';

/**
 * Where a miner behind a shield is for one validator.
 *
 * @param privateKey of the validator's certificate
 * @returns null: it has none for it, or one that this key does not open, or that is no address
 */
export function addressInShield(
  manifest: ShieldManifest,
  hotkey: string,
  privateKey: Buffer,
): { ip: string; port: number } | null {
  const sealed = Object.hasOwn(manifest, hotkey) ? manifest[hotkey] : null;
  if (typeof sealed !== 'string') return null;
  try {
    return readAddress(Buffer.from(decrypt(privateKey, Buffer.from(sealed, 'base64'), sealing)).toString());
  } catch {
    return null;
  }
}

/** `host:port`; the host a name or an IP address, of the sixth version also without brackets. */
function readAddress(text: string): { ip: string; port: number } | null {
  const [, host = '', digits] = /^\[?([^[\]]*)\]?:(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const isHost = isIP(host) !== 0 || /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i.test(host);
  return isHost && port >= 1 && port <= 65_535 ? { ip: host, port } : null;
}
