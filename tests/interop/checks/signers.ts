import { expect } from 'vitest';
import { Keypair, verifyHex } from '@horde/identity';
import type { Peer } from '../peer.ts';

/** How many things of each kind are signed. */
export const count = 50;

export const seeds = { validator: '07'.repeat(32), miner: '08'.repeat(32), user: '09'.repeat(32) };
const keypair = (seed: string) => Keypair.fromSeed(Buffer.from(seed, 'hex'));
export const validator = keypair(seeds.validator);
export const miner = keypair(seeds.miner);
export const user = keypair(seeds.user);

/** The same signature with one digit changed. */
export function bent(signature: string): string {
  const at = signature.length - 8;
  return signature.slice(0, at) + (signature[at] === '1' ? '2' : '1') + signature.slice(at + 1);
}

export const all = (length: number, verdict: boolean): boolean[] => Array.from({ length }, () => verdict);

/** Signs texts on each side and verifies them on both, together with changed copies, which both refuse. */
export async function crossCheck(
  peer: Peer,
  texts: string[],
  seed: string,
  keypair: Keypair,
): Promise<number> {
  const hotkey = keypair.address;
  const there = await peer.ask<string[]>('sign_texts', { seed, texts });
  const here = texts.map((text) => keypair.signHex(text));
  for (const signatures of [there, here]) {
    const cases: [string[], string[], string, boolean][] = [
      [texts, signatures, hotkey, true],
      [texts.map((text) => `${text} `), signatures, hotkey, false],
      [texts, signatures.map(bent), hotkey, false],
      [texts, signatures.map((signature) => signature.slice(2)), hotkey, false],
      [texts, signatures, Keypair.fromSeed(Buffer.alloc(32, 1)).address, false],
    ];
    for (const [given, signed, signer, verdict] of cases) {
      const ours = given.map((text, index) => verifyHex(text, signed[index]!, signer));
      const theirs = await peer.ask<boolean[]>('verify_texts', {
        hotkey: signer,
        texts: given,
        signatures: signed,
      });
      expect(ours).toEqual(all(texts.length, verdict));
      expect(theirs).toEqual(all(texts.length, verdict));
    }
  }
  return texts.length;
}
