import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseEnvFile } from '@horde/settings';
import { horde, newDataFolder, removeDataFolder, root } from '@horde/testing/horde';

async function runFacilitator(lines: string[]) {
  const folder = await newDataFolder();
  onTestFinished(() => removeDataFolder(folder));
  const file = path.join(folder, 'facilitator.env');
  await writeFile(file, lines.join('\r\n'));
  const finished = await horde(['run', '--settings', file, 'facilitator'], folder, { PORT: '8000' });
  return { file, ...finished };
}

it('a service gets the variables of a file with CRLF as they were meant', async () => {
  const { code, stdout, stderr } = await runFacilitator([
    '\ufeffexport PORT="eighty" # for a while',
    'BITTENSOR_NETUID= -1 ',
    '',
  ]);
  expect(stdout + stderr).toContain('PORT is "eighty": it must be a number.');
  expect(code).toBe(2);
});

it('names the file and the line that readers of such files understand differently', async () => {
  const { code, file, stderr } = await runFacilitator(['# settings', 'PORT=$OTHER', 'BITTENSOR_NETUID=12']);
  expect(stderr).toBe(`${file}:2: PORT has a "$" that would be replaced; put the value in single quotes.\n`);
  expect(code).toBe(2);
});

it('says that the file is not there', async () => {
  const { code, stderr } = await horde(['run', '--settings', '/nowhere.env', 'facilitator'], '/tmp');
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'The file /nowhere.env cannot be read (ENOENT).\n' });
});

it.each(['facilitator', 'validator', 'miner', 'executor', 'devnet'])(
  'the template of the %s is such a file, with all its defaults put in force, too',
  async (service) => {
    const template = await readFile(path.join(root, 'envs', service, '.env.template'), 'utf8');
    expect(() => parseEnvFile(template, service)).not.toThrow();
    expect(() => parseEnvFile(template.replaceAll(/^# ?([A-Z_]+=)/gm, '$1'), service)).not.toThrow();
  },
);
