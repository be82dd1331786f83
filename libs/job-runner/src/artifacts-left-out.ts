/** As many are named; of the rest the user learns how many there are of each kind. */
const maxNamed = 5;

/** Why an artifact was left out: of one, and of several. */
const causes = {
  'too large': ['is not under 1 MB', 'are not under 1 MB'],
  'no room': ['did not fit into the 20 MB of all together', 'did not fit into the 20 MB of all together'],
  folder: ['is a folder', 'are folders'],
  link: ['is a symbolic link', 'are symbolic links'],
  'not a file': ['is not a regular file', 'are not regular files'],
  'not UTF-8': ['has a name that is not UTF-8', 'have names that are not UTF-8'],
  unreadable: ['cannot be read', 'cannot be read'],
} as const;

export type Cause = keyof typeof causes;

/** Something in a job's artifacts folder that its result does not carry. */
export interface LeftOut {
  name: string;
  cause: Cause;
  /** In bytes, where it is the reason. */
  size?: number;
  /** What the system says, where that is all that is known. */
  reason?: string;
}

/**
 * What was left out, as a sentence or two; null: nothing.
 *
 * @param looked how many entries of the folder were looked at, where there were more; null: all
 */
export function leftOut(skipped: LeftOut[], looked: number | null): string | null {
  const sentences: string[] = [];
  if (skipped.length > 0) {
    const count = skipped.length === 1 ? '1 artifact was' : `${skipped.length} artifacts were`;
    const parts = [...skipped.slice(0, maxNamed).map(named), ...counted(skipped.slice(maxNamed))];
    sentences.push(`${count} left out: ${parts.join('; ')}.`);
  }
  if (looked !== null) sentences.push(`Of the artifacts only ${looked} were looked at: there are more.`);
  return sentences.join(' ') || null;
}

function named({ name, cause, size, reason }: LeftOut): string {
  const facts = size === undefined ? '' : ` (${megabytes(size)})`;
  return `${JSON.stringify(name)}${facts} ${causes[cause][0]}${reason ? ` (${reason})` : ''}`;
}

function counted(skipped: LeftOut[]): string[] {
  return Object.entries(causes).flatMap(([cause, [one, several]]) => {
    const count = skipped.filter((item) => item.cause === cause).length;
    if (count === 0) return [];
    return [count === 1 ? `1 more ${one}` : `${count} more ${several}`];
  });
}

/** In the decimal units that ComputeHorde's limit is given in. */
function megabytes(size: number): string {
  if (size >= 1e9) return `${Number((size / 1e9).toFixed(1))} GB`;
  return size >= 1e5 ? `${Number((size / 1e6).toFixed(1))} MB` : `${size} bytes`;
}
