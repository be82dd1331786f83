/** What file systems take. */
const MAX_NAME_BYTES = 255;
/** Far beyond honest data, and short enough that the folder it goes to fits before it (PATH_MAX is 4096). */
const MAX_PATH_BYTES = 2048;
const MAX_DEPTH = 128;

/**
 * The names along a path that has to stay below its folder; empty and `.` ones are left out. At most 128 names of
 * 255 bytes each, 2048 bytes together.
 *
 * @returns a list of names, or a reason to refuse the path
 */
export function pathBelow(relative: string): string[] | { refused: string } {
  if (relative.startsWith('/')) return { refused: 'it is absolute' };
  if (relative.includes('\0')) return { refused: 'it has a NUL in it' };
  if (Buffer.byteLength(relative) > MAX_PATH_BYTES) {
    return { refused: `it is longer than ${MAX_PATH_BYTES} bytes` };
  }
  const components = relative.split('/');
  if (components.includes('..')) return { refused: 'it leads out with ".."' };
  const names = components.filter((name) => name !== '' && name !== '.');
  if (names.length > MAX_DEPTH) return { refused: `it is more than ${MAX_DEPTH} folders deep` };
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    return { refused: `a name in it is longer than ${MAX_NAME_BYTES} bytes` };
  }
  return names;
}
