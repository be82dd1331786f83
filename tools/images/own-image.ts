import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { machineArchitecture } from '@horde/release';
import type Docker from 'dockerode';
import { followed } from './engine.ts';
import { baseListFile, MachineFiles } from './machine-files.ts';
import { billOf, componentsOfMachine } from './sbom.ts';
import { sha256 } from './sha256.ts';

/** Same names, dates and owners: the same bytes for the same files. */
const tarOptions = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];

/** What an image says to whoever starts it, as the engine writes it. */
export interface ImageConfig {
  Env: string[];
  Cmd: string[];
  Entrypoint?: string[];
  User?: string;
  WorkingDir?: string;
  Volumes?: Record<string, object>;
}

/**
 * Makes an image of files of this machine, without a network. It is loaded and not imported: of those who load it at the
 * same time, all make the same image.
 *
 * @param owners of folders that are not root's: by folder a number
 */
export async function loadOwnImage(
  docker: Docker,
  reference: string,
  config: ImageConfig,
  fill: (files: MachineFiles) => void,
  owners: Record<string, number> = {},
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-own-image-'));
  try {
    const files = new MachineFiles(path.join(folder, 'root'));
    fill(files);
    const components = await componentsOfMachine(files.copied);
    files.write(baseListFile, `${JSON.stringify(billOf(reference, components), null, 1)}\n`);
    const layer = path.join(folder, 'layer.tar');
    const owned = Object.keys(owners).map((one) => `.${one}`);
    const all = [...tarOptions, '-f', layer, '-C', files.root];
    execFileSync('tar', [...all, '-c', ...owned.map((one) => `--exclude=${one}`), '.']);
    for (const [one, id] of Object.entries(owners))
      execFileSync('tar', [...all, `--owner=${id}`, `--group=${id}`, '-r', `.${one}`]);
    rmSync(files.root, { recursive: true });
    const description = JSON.stringify({
      architecture: machineArchitecture,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${await sha256(layer)}`] },
    });
    const name = `${createHash('sha256').update(description).digest('hex')}.json`;
    await writeFile(path.join(folder, name), description);
    const manifest = [{ Config: name, RepoTags: [reference], Layers: ['layer.tar'] }];
    await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
    const tar = spawn('tar', [...tarOptions, '-c', '-C', folder, '.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await followed(docker, await docker.loadImage(tar.stdout));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
