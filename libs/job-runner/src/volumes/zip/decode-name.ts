import { ArchiveRefused } from './archive.ts';

const utf8Flag = 1 << 11;

/** What the bytes from 128 on are in code page 437, that of the first PCs; the others are ASCII. */
const upperHalf =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ' +
  'áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀' +
  'αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A member's name. Without the flag for UTF-8 it should be in code page 437, but macOS and many programs write UTF-8
 * without saying so; a name in another code page is next to never valid UTF-8.
 */
export function decodeName(bytes: Buffer, flags: number): string {
  const name = decodeUtf8(bytes);
  if (name !== null) return name;
  if (flags & utf8Flag) throw new ArchiveRefused('a name in it is not the UTF-8 that it says it is');
  return Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : upperHalf[byte - 128])).join(
    '',
  );
}

export function decodeUtf8(bytes: Buffer): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}
