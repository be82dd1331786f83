import { existsSync } from 'node:fs';
import path from 'node:path';
import { orAborted } from '@horde/async';
import * as library from '@horde/executor-manager';
import type { ExecutorManager, ExecutorManagerContext } from '@horde/executor-manager';
import { loadPlugin, PluginError } from '@horde/plugins';

const extensions = ['.ts', '.mts', '.js', '.mjs'];
const needed = ['manifest', 'start', 'recover', 'wait', 'stop', 'publicAddress'] as const;

/** How long a manager may take to say what it offers: a job that asks for a slot waits for it. @unit ms */
const maxManifestTime = 30_000;

type ManagerClass = new (context: ExecutorManagerContext) => ExecutorManager;

/**
 * Loads the class of an operator's own manager.
 *
 * @param name `module:Class`: a file's path, or as in Python `folder.module`, looked for in `folder`
 * @throws PluginError
 */
export async function customManagerClass(name: string, folder: string): Promise<ManagerClass> {
  const [module, className] = parts(name);
  const libraries = { '@horde/executor-manager': library };
  return (await loadPlugin(`${moduleFile(module, folder)}:${className}`, libraries)) as ManagerClass;
}

/**
 * Makes an executor manager of an operator's own.
 *
 * @param manifestTime how long it may take to say what it offers, before that counts as a failure. @unit ms
 * @throws PluginError
 */
export async function customExecutorManager(
  name: string,
  folder: string,
  context: ExecutorManagerContext,
  manifestTime = maxManifestTime,
): Promise<ExecutorManager> {
  const Manager = await customManagerClass(name, folder);
  const [module, className] = parts(name);
  const manager = made(() => new Manager(context), className);
  const missing = needed.filter((method) => typeof manager[method] !== 'function');
  if (missing.length > 0) {
    throw new PluginError(
      `${className} of ${module} is no executor manager: it has no ${missing.join(', no ')}.`,
    );
  }
  limitManifest(manager, className, manifestTime);
  return manager;
}

/** One that never says what it offers would keep each new job waiting for good. */
function limitManifest(manager: ExecutorManager, className: string, time: number): void {
  const manifest = manager.manifest.bind(manager);
  manager.manifest = async () => {
    const limit = AbortSignal.timeout(time);
    try {
      return await orAborted(manifest(), limit);
    } catch (error) {
      if (!limit.aborted) throw error;
      throw new Error(`${className} did not say within ${time / 1_000} s what it offers.`, { cause: error });
    }
  };
}

/** @throws PluginError with what the constructor threw, and where */
function made(make: () => ExecutorManager, className: string): ExecutorManager {
  try {
    return make();
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const where = /\(?((?:file:)?\/[^()]+:\d+:\d+)\)?$/m.exec(stack)?.[1]?.replace(/^file:\/\//, '');
    const sentence = `${className} could not be made: ${message.replace(/\.$/, '')}`;
    throw new PluginError(`${sentence}${where ? ` (${where})` : ''}.`, { cause: error });
  }
}

function parts(name: string): [module: string, className: string] {
  const at = name.lastIndexOf(':');
  return [name.slice(0, at), name.slice(at + 1)];
}

function moduleFile(module: string, folder: string): string {
  const named = path.resolve(folder, module);
  if (existsSync(named) && path.extname(named) !== '') return named;
  const base = path.resolve(folder, ...module.split('.'));
  const found = extensions.map((extension) => base + extension).find((file) => existsSync(file));
  if (found) return found;
  if (existsSync(`${base}.py`)) {
    throw new PluginError(
      `${base}.py is Python. This miner runs managers in TypeScript or JavaScript; examples/custom-executor-manager ` +
        `shows one.`,
    );
  }
  throw new PluginError(
    `There is no module ${module} in ${folder}: neither ${base}.ts nor .mts, .js or .mjs.`,
  );
}
