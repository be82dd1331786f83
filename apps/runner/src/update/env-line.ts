import { open } from 'node:fs/promises';

/**
 * Writes another image into the line of RUNNER_IMAGE, into the file itself: it is mounted, and one that is put in its place
 * would not be seen. Nothing else in it changes; the line that counts is the last one.
 *
 * @returns whether there is such a line
 */
export async function writeRunnerImage(file: string, image: string): Promise<boolean> {
  const opened = await open(file, 'r+');
  try {
    const before = await opened.readFile();
    const text = before.toString('latin1');
    const changed = withRunnerImage(text, image);
    if (changed === null) return false;
    const after = Buffer.from(changed, 'latin1');
    // Only what differs, at once: whoever reads amid it finds a whole line, old or new.
    const from = after.findIndex((byte, at) => byte !== before[at]);
    if (from !== -1) await opened.write(after, from, after.length - from, from);
    if (after.length < before.length) await opened.truncate(after.length);
    await opened.sync();
    return true;
  } finally {
    await opened.close();
  }
}

/** @returns null where no line names it */
export function withRunnerImage(text: string, image: string): string | null {
  const lines = text.split('\n');
  const at = lines.findLastIndex((line) => name.test(line));
  if (at === -1) return null;
  lines[at] = lines[at]!.replace(/(=[ \t]*)("[^"]*"|'[^']*'|[^\s]*)/, (_, equals: string, value: string) => {
    const quote = /^["']/.exec(value)?.[0] ?? '';
    return `${equals}${quote}${image}${quote}`;
  });
  return lines.join('\n');
}

const name = /^\s*(export\s+)?RUNNER_IMAGE\s*=/;
