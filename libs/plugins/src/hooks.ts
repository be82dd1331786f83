import { registerHooks } from 'node:module';
import path from 'node:path';

/** What a plugin gets when it imports one of these names. */
export type Libraries = Readonly<Record<string, object>>;

const scheme = 'horde-library:';
const shelfName = 'horde.libraries';
/** The libraries that were handed out: the modules that stand for them find them here, by their place. */
const shelf: object[] = [];
/** The files of plugins, with those that they import, by URL. */
const pluginFiles = new Map<string, Libraries>();
let hooked = false;

/** From now on the file of this URL, and whatever it imports, gets these libraries. */
export function giveLibraries(url: string, libraries: Libraries): void {
  if (!hooked) addHooks();
  hooked = true;
  // A module that is loaded stays as it is; its files keep the libraries that they were loaded with.
  if (!pluginFiles.has(url)) pluginFiles.set(url, libraries);
}

function addHooks(): void {
  Object.defineProperty(globalThis, Symbol.for(shelfName), { value: shelf });
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const libraries = pluginFiles.get(context.parentURL ?? '');
      if (!libraries) return nextResolve(specifier, context);
      if (Object.hasOwn(libraries, specifier)) {
        const url = `${scheme}${specifier}?${placeOf(libraries[specifier]!)}`;
        return { url, format: 'module', shortCircuit: true };
      }
      const resolved = nextResolve(specifier, context);
      if (resolved.url.startsWith('file:')) giveLibraries(resolved.url, libraries);
      return resolved;
    },
    load(url, context, nextLoad) {
      if (url.startsWith(scheme)) {
        const place = Number(url.slice(url.lastIndexOf('?') + 1));
        return { format: 'module', source: standIn(place), shortCircuit: true };
      }
      const isTypeScript = pluginFiles.has(url) && !ownFormats.has(path.extname(new URL(url).pathname));
      return nextLoad(url, isTypeScript ? { ...context, format: 'module-typescript' } : context);
    },
  });
}

/** Files that Node reads as what their names say; any other of a plugin is TypeScript. */
const ownFormats = new Set(['.js', '.mjs', '.cjs', '.cts', '.json', '.node', '.wasm']);

function placeOf(library: object): number {
  const known = shelf.indexOf(library);
  return known >= 0 ? known : shelf.push(library) - 1;
}

/** A module that exports what the library at that place exports. */
function standIn(place: number): string {
  const names = Object.keys(shelf[place]!);
  return [
    `const library = globalThis[Symbol.for('${shelfName}')][${place}];`,
    ...names.map((name, at) => `const _${at} = library[${JSON.stringify(name)}];`),
    `export { ${names.map((name, at) => `_${at} as ${JSON.stringify(name)}`).join(', ')} };`,
  ].join('\n');
}
