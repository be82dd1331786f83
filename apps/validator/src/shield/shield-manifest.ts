/** What the shield of a miner shows to anyone: hotkey of a validator -> the miner's address for it, sealed, base64. */
export type ShieldManifest = Readonly<Record<string, unknown>>;

/** @param text the answer to `/shield_manifest.json` @returns null: it is no such manifest */
export function readShieldManifest(text: string): ShieldManifest | null {
  try {
    const mapping: unknown = JSON.parse(text)?.ddos_shield_manifest?.encrypted_url_mapping;
    return typeof mapping === 'object' && mapping !== null ? (mapping as ShieldManifest) : null;
  } catch {
    return null;
  }
}
