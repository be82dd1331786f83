/** Builds images of envs/, and makes those of others that are not to be had: ./horde image NAME, ./horde image all. */
import Docker from 'dockerode';
import { readArguments, refuseArguments } from './arguments.ts';
import { chooseBase } from './images/base.ts';
import { buildImage, imageNames, isRunner } from './images/build.ts';
import { ensureExample, ensureOthers } from './images/others.ts';

const { values, positionals } = readArguments('image', {
  allowPositionals: true,
  options: { base: { type: 'string' } },
});
const [name = '', tag] = positionals;
if (name !== 'all' && !imageNames.includes(name))
  refuseArguments('image', `There is no image of ${JSON.stringify(name)}: all, ${imageNames.join(', ')}.`);
if (name === 'all' && tag !== undefined) refuseArguments('image', 'With all, each image has its own name.');

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
