import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '@horde/testing/horde';

/** What begins a line that is typed. */
const programs =
  /^(?:sudo |export )?(?:\.\/horde|horde|docker|curl|ssh|ssh-keygen|sed|chmod|chown|mkdir|cp|ls|df|ss|age|systemctl|timedatectl|nvidia-ctk|nvidia-smi|apt-get|btcli|python3?|PGPASSWORD=\S*)(?: |$)/;

/** What a block without a language may have beside lines that are typed: settings, and a file or an answer that is shown. */
const shown = /^(?:[A-Z][A-Z0-9_]*=|$|horde-release 1$|(?:channel|number|expires|share|version|image) )/;

interface Documented {
  page: string;
  command: string;
}

/**
 * Every command of docs/operate: the lines of its blocks that name no language, without their remarks, and the spans of code that
 * are more than a program's name.
 *
 * @throws Error where a block has a line that is neither typed nor a setting
 */
export function documentedCommands(): Documented[] {
  return globSync('docs/operate/*.md', { cwd: root })
    .toSorted()
    .flatMap((page) => {
      const text = readFileSync(path.join(root, page), 'utf8');
      const block = /^ *```[^\n]*\n.*?^ *```/gms;
      const lines = (text.match(block) ?? [])
        .filter((one) => /^ *```\n/.test(one))
        .flatMap((one) => one.split('\n').slice(1, -1))
        .map((line) => line.trim().replace(/ +# .*$/, ''));
      const odd = lines.find((line) => !programs.test(line) && !shown.test(line));
      if (odd !== undefined) throw new Error(`${page} shows "${odd}", which is no program of ours to type.`);
      const spans = [...text.replaceAll(block, '').matchAll(/`([^`]+)`/g)].map(([, span]) =>
        span!.replaceAll(/\s+/g, ' ').trim(),
      );
      const typed = [...lines, ...spans.filter((span) => span.includes(' '))].filter((one) =>
        programs.test(one),
      );
      return typed.map((command) => ({ page: path.basename(page), command }));
    });
}
