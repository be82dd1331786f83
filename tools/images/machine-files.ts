import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { isStatic } from '../../libs/job-runner/src/docker/busybox.ts';

/** Where an image keeps the list of what its base is made of. */
export const baseListFile = '/usr/share/sbom/base.cdx.json';

/** A folder that becomes an image: files of this machine, under the places where programs look for them. */
export class MachineFiles {
  /** Places in the image, and what they were copied from. */
  readonly copied = new Map<string, string>();

  readonly root: string;

  constructor(root: string) {
    this.root = root;
    for (const folder of ['bin', 'etc', 'tmp', 'usr/local/bin']) this.folder(folder);
    chmodSync(path.join(root, 'tmp'), 0o1777);
  }

  folder(place: string): void {
    mkdirSync(path.join(this.root, place), { recursive: true, mode: 0o755 });
  }

  write(place: string, text: string, mode = 0o644): void {
    this.folder(path.dirname(place));
    writeFileSync(path.join(this.root, place), text);
    chmodSync(path.join(this.root, place), mode);
  }

  /** Users beside root: their names and numbers. */
  users(users: Record<string, number>): void {
    const rows = Object.entries({ root: 0, ...users });
    const passwd = rows.map(
      ([name, id]) => `${name}:x:${id}:${id}::${id === 0 ? '/root' : `/home/${name}`}:/bin/sh\n`,
    );
    this.write('/etc/passwd', passwd.join(''));
    this.write('/etc/group', rows.map(([name, id]) => `${name}:x:${id}:\n`).join(''));
    for (const name of Object.keys(users)) this.folder(`/home/${name}`);
  }

  /** A file as it is; of a link its target, under the link's name. */
  copy(file: string, place = file, mode = 0o644): void {
    const target = path.join(this.root, place);
    this.folder(path.dirname(place));
    if (existsSync(target)) return;
    copyFileSync(file, target);
    chmodSync(target, mode);
    this.copied.set(place, file);
  }

  /** A folder with all that is in it, links included. */
  tree(folder: string, place: string): void {
    this.folder(place);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const [from, to] = [path.join(folder, entry.name), path.join(place, entry.name)];
      if (entry.isDirectory()) this.tree(from, to);
      else this.copy(from, to, isProgram(from) ? 0o755 : 0o644);
    }
  }

  link(target: string, place: string): void {
    this.folder(path.dirname(place));
    symlinkSync(target, path.join(this.root, place));
  }

  /** A program with the shared libraries that it asks for. */
  program(file: string, place: string): void {
    this.copy(realpathSync(file), place, 0o755);
    if (!isStatic(readFileSync(file))) this.libraries(file);
  }

  /**
   * The shared libraries that a program asks for.
   *
   * @param except a folder whose libraries are there already
   */
  libraries(file: string, except?: string): void {
    const env = { ...process.env, ...(except && { LD_LIBRARY_PATH: path.join(except, 'lib') }) };
    const listed = execFileSync('/usr/bin/ldd', [realpathSync(file)], { encoding: 'utf8', env });
    for (const { groups } of listed.matchAll(/(?<library>\/\S+) \(0x/g)) {
      const library = path.resolve(groups!['library']!);
      if (except === undefined || !library.startsWith(`${except}/`)) this.copy(library, library, 0o755);
    }
  }

  /** The machine's static busybox, with all its commands. */
  busybox(): void {
    this.copy('/bin/busybox', '/bin/busybox', 0o755);
    const commands = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
    for (const command of commands)
      if (command !== 'busybox') symlinkSync('busybox', path.join(this.root, 'bin', command));
  }
}

const isProgram = (file: string): boolean =>
  readFileSync(file).subarray(0, 4).toString('latin1') === '\x7fELF';
