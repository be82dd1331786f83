import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export const fuzzedLinks = [
  'user-facilitator',
  'facilitator-validator',
  'validator-miner',
  'miner-executor',
  'receipts',
] as const;

export interface FuzzReport {
  /** Frames that were read although something in them was changed, and frames that were refused with a sentence. */
  read: number;
  refused: number;
  /** What was thrown besides refusals, with the frame: at most ten. */
  crashes: { text: string; error: string }[];
  slowest: { ms: number; characters: number; begins: string };
  /** How much more memory was in use at the end than at the beginning. @unit MiB */
  heapGrowth: number;
}

/**
 * Feeds mutated frames to the readers of a link.
 * @param script the bundle of child.ts
 * @param watchdog how long a thousand frames may take before they count as hanging, in ms
 * @throws Error when a thousand frames hang, or the process ends otherwise
 */
export async function fuzz(
  script: string,
  link: string,
  frames: number,
  seed: number,
  watchdog = 5_000,
): Promise<FuzzReport> {
  const child = spawn(process.execPath, ['--expose-gc', script, link, String(frames), String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const where = `link ${link}, seed ${seed}`;
  let seen = 0;
  let report: FuzzReport | null = null;
  let hung = false;
  const bite = () => {
    hung = true;
    child.kill('SIGKILL');
  };
  // The first thousand come after the start of the process.
  let timer = setTimeout(bite, watchdog + 60_000);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    timer = setTimeout(bite, watchdog);
    const { frames: count, done } = JSON.parse(line) as { frames?: number; done?: FuzzReport };
    seen = count ?? seen;
    report = done ?? report;
  }
  clearTimeout(timer);
  const code = await exited;
  if (hung) throw new Error(`A frame after the first ${seen} hangs (${where}).`);
  if (!report) throw new Error(`The process ended with ${code} after ${seen} frames (${where}).`);
  return report;
}

/** What is wrong with a report, as sentences. */
export function problemsOf({ crashes, heapGrowth }: FuzzReport): string[] {
  const problems = crashes.map(({ text, error }) => `It threw ${error}\n  on the frame ${text}`);
  if (heapGrowth > 16) problems.push(`The heap grew by ${heapGrowth.toFixed(1)} MiB.`);
  return problems;
}
