import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/**
 * Two generations of ComputeHorde's published packages, each with the client of Pylon that it works with. The new one
 * requires a certifi that was never published, so it is installed over the old one's dependencies.
 */
const recipes = {
  old: [
    "'compute-horde-sdk==0.0.18' 'compute-horde==0.0.26' 'async-substrate-interface<2' 'bittensor-pylon-client==1.4.0'",
  ],
  new: [
    "'compute-horde-sdk==0.0.18' 'compute-horde==0.0.26' 'async-substrate-interface<2' 'bittensor-pylon-client==2.3.1'",
    "--no-deps 'compute-horde-sdk==0.0.19' 'compute-horde==0.0.27'",
  ],
};

export type Generation = keyof typeof recipes;
export const generations = Object.keys(recipes) as Generation[];

/** Where the Python of a generation is; or why there can be none here, which is not a fault of the project. */
export type Environment = { python: string } | { missing: string };

const noPython = 'There is no Python 3.11 with its venv module on this machine.';
const run = promisify(execFile);
const peers = path.join(import.meta.dirname, 'peers');
/** As Python's own convention for "try again later". */
const unreachable = 75;

/** Finds the environment of a generation, or makes it. Throws where it cannot be installed or imported. */
export async function pythonEnvironment(generation: Generation): Promise<Environment> {
  const python = await findPython();
  if (!python) return { missing: noPython };
  return build(python, { name: generation, steps: recipes[generation] });
}

/** What the facilitator needs besides: all of its lock would bring gigabytes that it never imports to serve its API. */
const facilitatorsOwn =
  "'djangorestframework==3.15.2' 'django-filter==25.1' 'PyJWT==2.10.1' 'django-structlog==9.0.1' 'structlog==25.1.0' 'django-ipware==6.0.5' 'python-ipware==3.0.0' 'django-business-metrics==1.0.1' 'django-pydantic-field==0.3.12' 'inflection==0.5.1' 'uritemplate==4.1.1'";

/**
 * Finds the environment in which the code of ComputeHorde's validator and facilitator runs, or makes it.
 *
 * @param checkout a folder with its repository
 */
export async function referenceEnvironment(checkout: string): Promise<Environment> {
  const python = await findPython();
  if (!python) return { missing: noPython };
  const project = path.join(checkout, 'validator');
  const lock = path.join(project, 'uv.lock');
  if (!existsSync(lock)) return { missing: `There is no ${lock}.` };
  // The lock takes this one from a git repository.
  const steps = [`locked '${project}'`, "--no-deps 'turbobt==1.0.0'", `--no-deps ${facilitatorsOwn}`];
  return build(python, { name: 'reference', steps, lock });
}

/** Finds the environment of schemathesis, which asks an API what its document allows, or makes it. */
export async function schemathesisEnvironment(): Promise<Environment> {
  const python = await findPython();
  return python
    ? build(python, { name: 'schemathesis', steps: ["'schemathesis==4.32.5'"] })
    : { missing: noPython };
}

interface Recipe {
  name: string;
  steps: string[];
  /** A file that the steps read. */
  lock?: string;
}

async function build(python: string, { name, steps, lock }: Recipe): Promise<Environment> {
  const builder = path.join(peers, 'environment.py');
  const constraints = path.join(peers, 'constraints.txt');
  const key = createHash('sha256');
  const files = [constraints, builder, ...(lock ? [lock] : [])].map((file) => readFileSync(file));
  for (const part of [...steps, ...files, python]) key.update(part);
  const folder = path.join(
    cacheFolder(),
    'interop',
    `${name}-${process.arch}-${key.digest('hex').slice(0, 16)}`,
  );
  try {
    await run(python, [builder, folder, constraints, ...steps]);
  } catch (error) {
    const { code, stderr } = error as { code?: number; stderr: string };
    if (code === unreachable) return { missing: stderr.trim() };
    throw new Error(`The ${name} Python packages cannot be installed: ${stderr}`, { cause: error });
  }
  return { python: path.join(folder, 'bin/python') };
}

/** What can be made again lies outside the checkout, so that a second clone starts at once. */
function cacheFolder(): string {
  const folder =
    process.env['HORDE_CACHE'] ??
    (process.getuid?.() === 0
      ? '/var/cache/horde'
      : path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'horde'));
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function findPython(): Promise<string | null> {
  const pyenv = process.env['PYENV_ROOT'] ?? path.join(os.homedir(), '.pyenv');
  const candidates = ['python3.11', 'python3', ...globSync(path.join(pyenv, 'versions/3.11*/bin/python'))];
  const question =
    'import sys, ensurepip, venv; assert sys.version_info[:2] == (3, 11); print(sys.executable)';
  for (const candidate of candidates) {
    const found = await run(candidate, ['-c', question]).catch(() => null);
    if (found) return found.stdout.trim();
  }
  return null;
}
