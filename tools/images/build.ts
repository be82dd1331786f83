import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import { staticBusybox } from '../../libs/job-runner/src/docker/busybox.ts';
import { bundleApp, bundleOptions } from '../bundle.ts';
import { bundlePanel } from '../bundle-panel.ts';
import { licencesOf } from '../licences.ts';
import { componentsOfBase } from './base.ts';
import { followed } from './engine.ts';
import { addRunnerParts, type Shipped } from './runner-parts.ts';
import { billOf, componentsOfMachine, componentsOfModules } from './sbom.ts';

const root = path.resolve(import.meta.dirname, '../..');
const runner = /^(?<service>.+)-runner$/;
const recipeOf = (name: string): string => path.join(root, 'envs', name.replace(runner, '$<service>/runner'));

/**
 * The images that there are: a folder each below envs/, with its Dockerfile. Those of runners come last: what they start
 * has to be there.
 */
export const imageNames = ['', '-runner'].flatMap((kind) =>
  readdirSync(path.join(root, 'envs'))
    .map((folder) => `${folder}${kind}`)
    .filter((name) => existsSync(path.join(recipeOf(name), 'Dockerfile'))),
);

export const isRunner = (name: string): boolean => runner.test(name);

/** Whose bundle is in an image. */
const appOf = (name: string): string => (name === 'horde' ? 'cli' : isRunner(name) ? 'runner' : name);

/**
 * Builds an image from envs/NAME/Dockerfile. Its context is that folder, with the app's bundle as `app`, what starts it,
 * and this machine's static busybox. Asks the Docker engine alone, no client is needed. What the image is made of is in it
 * (/app/sbom.cdx.json) and in dist/sbom, as CycloneDX writes it.
 */
export async function buildImage(
  docker: Docker,
  name: string,
  {
    base,
    tag,
    say,
    shipped = null,
  }: { base: string; tag: string; say: (text: string) => void; shipped?: Shipped | null },
): Promise<void> {
  // In the checkout: where sources lie is in the bundle, as seen from here.
  mkdirSync(path.join(root, 'dist/sbom'), { recursive: true });
  const context = mkdtempSync(path.join(root, `dist/image-${name}-`));
  try {
    const recipe = recipeOf(name);
    cpSync(recipe, context, { recursive: true, filter: (file) => file !== path.join(recipe, 'runner') });
    cpSync(path.join(import.meta.dirname, 'start.sh'), path.join(context, 'start'));
    if (!existsSync(path.join(context, 'python')))
      writeFileSync(path.join(context, 'python'), pythonOf(name));
    const modules = await bundleInto(path.join(context, 'app'), appOf(name));
    if (isRunner(name)) cpSync(path.join(root, 'envs/runner'), context, { recursive: true });
    const started = isRunner(name) ? await addRunnerParts(docker, context, shipped) : null;
    writeFileSync(
      path.join(context, 'app/THIRD_PARTY_LICENSES'),
      licencesOf(modules) + (started?.licences ?? ''),
    );
    cpSync(path.join(root, 'LICENSE'), path.join(context, 'app/LICENSE'));
    writeFileSync(path.join(context, 'busybox'), await staticBusybox());
    const ofMachine = name === 'executor' ? [['/bin/busybox', '/bin/busybox'] as const] : [];
    const bill = billOf(
      `horde/${name}`,
      [
        ...componentsOfModules(modules),
        ...(await componentsOfMachine(new Map(ofMachine))),
        ...(started?.components ?? []),
        ...(await componentsOfBase(docker, base)),
      ],
      revision(),
    );
    const written = `${JSON.stringify(bill, null, 1)}\n`;
    writeFileSync(path.join(context, 'app/sbom.cdx.json'), written);
    writeFileSync(path.join(root, `dist/sbom/${name}.cdx.json`), written);
    openToAll(context);
    const labels = { 'horde.sbom': '/app/sbom.cdx.json', 'org.opencontainers.image.revision': revision() };
    const src = readdirSync(context).filter((entry) => !entry.startsWith('.'));
    const events = await docker.buildImage({ context, src }, { t: tag, labels, buildargs: { BASE: base } });
    await followed(docker, events, say);
  } finally {
    rmSync(context, { recursive: true });
  }
}

/** What stands for Python in an image: its commands, by the names that ComputeHorde's have. */
const pythonOf = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, 'python.sh'), 'utf8').replaceAll('PROGRAM', name);

/** @returns the modules that it is made of */
async function bundleInto(folder: string, app: string): Promise<string[]> {
  const project = path.join(root, 'apps', app);
  const modules = await bundleApp(project, folder);
  return bundleOptions(project).panel
    ? [...modules, ...(await bundlePanel(path.join(folder, 'panel')))]
    : modules;
}

/** Whatever the umask is, files have the same modes: the programs among them are those at the top. */
function openToAll(context: string): void {
  for (const entry of readdirSync(context, { recursive: true, withFileTypes: true })) {
    const isProgram = entry.isDirectory() || (entry.parentPath === context && entry.name !== 'Dockerfile');
    chmodSync(path.join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644);
  }
}

/** The commit that is built; one that is not whole is named with a plus. */
function revision(): string {
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', root, ...words], { encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return (
      git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
    );
  } catch {
    return 'unknown';
  }
}
