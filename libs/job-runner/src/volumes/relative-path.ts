/** What file systems take. */
const maxNameBytes = 255;
/** Far beyond honest data, and short enough that the folder it goes to fits before it (PATH_MAX is 4096). */
const maxPathBytes = 2048;
const maxDepth = 128;

/**
 * The names along a path that has to stay below its folder; empty and `.` ones are left out. At most 128 names of
 * 255 bytes each, 2048 bytes together.
 *
 * @returns a list of names, or a reason to refuse the path
 */
export function pathBelow(relative: string): string[] | { refused: string } {
  if (relative.startsWith('/')) return { refused: 'it is absolute' };
  if (relative.includes('\0')) return { refused: 'it has a NUL in it' };
  if (Buffer.byteLength(relative) > maxPathBytes) {
    return { refused: `it is longer than ${maxPathBytes} bytes` };
  }
  const components = relative.split('/');
  if (components.includes('..')) return { refused: 'it leads out with ".."' };
  const names = components.filter((name) => name !== '' && name !== '.');
  if (names.length > maxDepth) return { refused: `it is more than ${maxDepth} folders deep` };
  if (names.some((name) => Buffer.byteLength(name) > maxNameBytes)) {
    return { refused: `a name in it is longer than ${maxNameBytes} bytes` };
  }
  return names;
}
