import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Injectable } from '@nestjs/common';
import { PanelOptions } from '../options.ts';

/** What the build says of the panel's files, `panel.json`. */
interface Manifest {
  /** The script that a page begins with. */
  entry: string;
  /** Scripts that it needs at once. */
  needed: string[];
}

/** The panel's built files: scripts named by their content, each beside itself compressed. */
@Injectable()
export class PanelFiles {
  readonly manifest: Manifest | null;
  /** null: it is not built. */
  readonly folder: string | null;
  private readonly names: ReadonlySet<string>;

  constructor({ folders }: PanelOptions) {
    this.folder = folders.find((folder) => existsSync(path.join(folder, 'panel.json'))) ?? null;
    this.names = new Set(this.folder ? readdirSync(this.folder) : []);
    this.manifest = this.folder
      ? (JSON.parse(readFileSync(path.join(this.folder, 'panel.json'), 'utf8')) as Manifest)
      : null;
  }

  /** The file that holds a script; null: there is no such script. @param packed its compressed form */
  script(name: string, packed: boolean): string | null {
    const file = packed ? `${name}.gz` : name;
    return name.endsWith('.js') && this.names.has(file) ? file : null;
  }
}
