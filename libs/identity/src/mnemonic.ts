import { pbkdf2Sync } from 'node:crypto';
import { generateMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';

const entropyBitsOf12Words = 128;

/** A new random phrase of 12 English words. */
export function newMnemonic(): string {
  return generateMnemonic(wordlist, entropyBitsOf12Words);
}

/**
 * The 32-byte mini-secret of a phrase, Substrate's way: the entropy, not the words, goes through PBKDF2-HMAC-SHA512
 * (2048 rounds, salt "mnemonic" and the password) and the first half of the 64 bytes counts.
 *
 * @returns null when the phrase is not 12, 15, 18, 21 or 24 English BIP-39 words with a right checksum
 */
export function miniSecretFromMnemonic(phrase: string, password: string): Uint8Array | null {
  let entropy: Uint8Array;
  try {
    entropy = mnemonicToEntropy(phrase.trim().split(/\s+/).join(' '), wordlist);
  } catch {
    return null; // the library's error names the words it did not know
  }
  const salt = `mnemonic${password}`.normalize('NFKD');
  return Uint8Array.from(pbkdf2Sync(entropy, salt, 2048, 64, 'sha512').subarray(0, 32));
}
