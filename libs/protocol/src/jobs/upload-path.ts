const maxComponent = 255;

/**
 * What is wrong with the path of an upload, relative to /output, as the rest of a sentence; null when nothing is. The
 * rule is that of ComputeHorde's newest packages, which refuse the whole message otherwise: a path is never rewritten.
 */
export function uploadPathProblem(path: string): string | null {
  if (path === '') return 'must not be empty';
  if (path.startsWith('/')) return 'must be relative: it begins with "/"';
  if (path.includes('\0')) return 'must not hold a NUL character';
  if (path.includes('\\')) return 'must not hold a backslash';
  for (const component of path.split('/')) {
    if (component === '') return 'must not hold an empty part, or end with "/"';
    if (component === '.' || component === '..') return `must not hold a part "${component}"`;
    if (Buffer.byteLength(component) > maxComponent)
      return `must not hold a part of more than ${maxComponent} bytes`;
  }
  return null;
}
