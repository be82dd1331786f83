import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes an operator's file of servers, and returns its path. */
export function serversFile(folder: string, text: string): string {
  const file = path.join(folder, 'docker_config.yaml');
  writeFileSync(file, text);
  return file;
}
