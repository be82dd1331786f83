import { existsSync } from 'node:fs';
import path from 'node:path';
import * as library from '@horde/executor-manager';
import type { ExecutorManager, ExecutorManagerContext } from '@horde/executor-manager';
import { loadPlugin, PluginError } from '@horde/plugins';

const extensions = ['.ts', '.mts', '.js', '.mjs'];
const needed = ['manifest', 'start', 'recover', 'wait', 'stop', 'publicAddress'] as const;

/**
 * Makes an executor manager of an operator's own.
 *
 * @param name `module:Class`: a file's path, or as in Python `folder.module`, looked for in `folder`
 * @throws PluginError
 */
export async function customExecutorManager(
  name: string,
  folder: string,
  context: ExecutorManagerContext,
): Promise<ExecutorManager> {
  const at = name.lastIndexOf(':');
  const [module, className] = [name.slice(0, at), name.slice(at + 1)];
  const Manager = (await loadPlugin(`${moduleFile(module, folder)}:${className}`, {
    '@horde/executor-manager': library,
  })) as new (context: ExecutorManagerContext) => ExecutorManager;
  const manager = new Manager(context);
  const missing = needed.filter((method) => typeof manager[method] !== 'function');
  if (missing.length > 0) {
    throw new PluginError(
      `${className} of ${module} is no executor manager: it has no ${missing.join(', no ')}.`,
    );
  }
  return manager;
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
