import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { giveLibraries, type Libraries } from './hooks.ts';

/** A class out of a plugin; who asked for it knows what its constructor takes and what it makes. */
export type PluginClass = new (...parameters: never[]) => object;

/** A plugin that cannot be used; its message is one sentence. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}

/**
 * Loads a class that an operator wrote, out of a file on this machine. The file is an ES module: `.js` and `.mjs` as
 * they are, any other in TypeScript that Node can run (types only, no enums, parameter properties or namespaces).
 *
 * It is loaded once per process; a second call gets the same class, with the libraries of the first.
 *
 * @param reference `path/to/module.ts:ClassName`, the path absolute or relative to the working directory
 * @param libraries what the plugin gets when it imports these names, for example `{ '@horde/job-runner': library }`:
 *   the very objects, so that its classes can extend and be instances of this process's own. All else it imports is
 *   looked for from its own folder.
 * @throws PluginError
 */
export async function loadPlugin(reference: string, libraries: Libraries): Promise<PluginClass> {
  const { file, name } = parse(reference);
  if (!(await stat(file).catch(() => null))?.isFile()) throw new PluginError(`There is no file ${file}.`);
  const found = Object.entries(await load(file, libraries));
  const exported = found.find(([key]) => key === name);
  if (!exported) {
    throw new PluginError(
      `${file} exports no ${name}; it exports ${listed(found.map(([key]) => key)) || 'nothing'}.`,
    );
  }
  if (!isClass(exported[1])) throw new PluginError(`${name} of ${file} is not a class.`);
  return exported[1];
}

function parse(reference: string): { file: string; name: string } {
  const { file, name } = /^(?<file>.+):(?<name>[^:/\\]+)$/s.exec(reference)?.groups ?? {};
  if (!file || !name) {
    throw new PluginError(
      `${JSON.stringify(reference)} names no class: it must look like path/to/module.ts:ClassName.`,
    );
  }
  return { file: path.resolve(file), name };
}

async function load(file: string, libraries: Libraries): Promise<object> {
  const { href } = pathToFileURL(await realpath(file)); // as Node names what it loads
  giveLibraries(href, libraries);
  try {
    return await nativeImport(href);
  } catch (error) {
    throw new PluginError(`${file} could not be loaded: ${reason(error)}`, { cause: error });
  }
}

/** Imports by Node itself, past a bundler or a test runner that has its own idea of `import()`. */
async function nativeImport(url: string): Promise<object> {
  const through = 'data:text/javascript,export const load = (url) => import(url);';
  const { load } = (await import(/* @vite-ignore */ through)) as { load: (url: string) => Promise<object> };
  return load(url);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return sentence(String(error));
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `Node runs only TypeScript that it can strip the types of. ${sentence(error.message)}${at(error)}`;
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return `it is not TypeScript. ${sentence(error.message)}${at(error)}`;
    default:
      return `${sentence(error.message)}${error instanceof SyntaxError ? at(error) : ''}`;
  }
}

/** The place of a mistake, which Node writes above the error. */
function at(error: Error): string {
  const place = /^(?:file:\/\/)?(?<file>\/.*):(?<line>\d+)\n/.exec(error.stack ?? '')?.groups;
  return place ? ` See line ${place['line']} of ${place['file']}.` : '';
}

function sentence(text: string): string {
  const line = text.trim().split('\n')[0]!.trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

function listed(names: string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function isClass(value: unknown): value is PluginClass {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}
