/**
 * Builds images of envs/, and makes those of others that are not to be had: ./horde image NAME, ./horde image all. Writes
 * those of a runner into a file: ./horde image bundle ROLE.
 */
import Docker from 'dockerode';
import { readArguments, refuseArguments } from './arguments.ts';
import { chooseBase } from './images/base.ts';
import { buildImage, imageNames, isRunner } from './images/build.ts';
import { writeBundle } from './images/offline-bundle.ts';
import { ensureExample, ensureOthers } from './images/others.ts';
import { installRoles, type InstallRole } from './install/script.ts';

const { values, positionals } = readArguments('image', {
  allowPositionals: true,
  options: { base: { type: 'string' }, release: { type: 'string' }, 'with-engine': { type: 'boolean' } },
});
if (positionals[0] === 'bundle') await bundle(positionals.slice(1));
const [name = '', tag] = positionals;
if (name !== 'all' && !imageNames.includes(name))
  refuseArguments('image', `There is no image of ${JSON.stringify(name)}: all, ${imageNames.join(', ')}.`);
if (name === 'all' && tag !== undefined) refuseArguments('image', 'With all, each image has its own name.');

/** What an install script takes with --offline: ./horde image bundle ROLE [FILE] [--release LIST] [--with-engine]. */
async function bundle([role = '', file = `${role}.bundle`, ...more]: string[]): Promise<never> {
  if (!installRoles.includes(role as InstallRole) || more.length > 0)
    refuseArguments('image', `A bundle is of one of ${installRoles.join(', ')}.`);
  const runner = `horde/${role}-runner:latest`;
  try {
    const withEngine = values['with-engine'] === true;
    const { release } = values;
    const say = (line: string) => console.error(line);
    await writeBundle(new Docker(), role, { runner, file, ...(release && { release }), withEngine, say });
    console.log(file);
    process.exit(0);
  } catch (error) {
    console.error(`The bundle could not be made: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

const docker = new Docker();
const say = (line: string) => console.error(line);
let current = name;
try {
  const base = values.base ?? (await chooseBase(docker, say));
  const names = name === 'all' ? imageNames : [name];
  if (names.some(isRunner)) {
    current = 'others';
    await ensureOthers(docker, say);
  }
  for (current of names) {
    const reference = tag ?? `horde/${current}:latest`;
    await buildImage(docker, current, { base, tag: reference, say: (text) => process.stderr.write(text) });
    console.log(reference);
  }
  if (name === 'all') {
    current = 'the example';
    console.log(await ensureExample(docker));
  }
} catch (error) {
  say(
    `The image of ${current} could not be built: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = 1;
}
