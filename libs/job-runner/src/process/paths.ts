import { artifactsTarget } from '../artifacts-dir.ts';
import type { JobFolders, JobSpec } from '../runner.ts';
import { jobCommand, scriptPath, scriptFile } from '../script.ts';

/**
 * Puts the job's own folders where a command or a variable speaks of /volume, /output, the artifacts folder or
 * /script.py, as there is no container to show them at these paths. Only whole path components are meant: /volume/a and
 * "sh -c 'ls /volume'", but not /volumes or /data/volume.
 */
export function withFolders(
  spec: JobSpec,
  folders: JobFolders,
): { command: string[]; env: Record<string, string> } {
  const places = new Map([
    ['/volume', folders.volume],
    ['/output', folders.output],
  ]);
  if (spec.script !== null) places.set(scriptPath, scriptFile(folders));
  if (spec.artifactsDir) places.set(artifactsTarget(spec.artifactsDir), folders.artifacts);
  // The longest first: an artifacts folder may lie below /output.
  const paths = [...places.keys()].sort((a, b) => b.length - a.length).map(literally);
  const pattern = new RegExp(`(?<![\\w./-])(${paths.join('|')})(?![\\w.-])`, 'g');
  const replace = (text: string) => text.replace(pattern, (place) => places.get(place)!);
  return {
    command: jobCommand(spec).map(replace),
    env: Object.fromEntries([...spec.env].map(([key, value]) => [key, replace(value)])),
  };
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
