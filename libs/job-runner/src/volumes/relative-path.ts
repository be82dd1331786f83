/**
 * The names along a path that has to stay below its folder; empty and `.` ones are left out.
 *
 * @returns a list of names, or a reason to refuse the path
 */
export function pathBelow(relative: string): string[] | { refused: string } {
  if (relative.startsWith('/')) return { refused: 'it is absolute' };
  if (relative.includes('\0')) return { refused: 'it has a NUL in it' };
  const components = relative.split('/');
  if (components.includes('..')) return { refused: 'it leads out with ".."' };
  return components.filter((name) => name !== '' && name !== '.');
}
