import { rolldown, type Plugin } from 'rolldown';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { workers } from './bundle-workers.ts';
import { writePackage } from './bundle-package.ts';

/** Optional parts of libraries that none of the apps uses; they are looked for at run time and not found. */
const absent = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  'class-transformer',
  '@google-cloud/spanner',
  '@sap/hana-client',
  'better-sqlite3',
  'mongodb',
  'mssql',
  'mysql',
  'mysql2',
  'oracledb',
  'pg-native',
  'pg-query-stream',
  'react-native-sqlite-storage',
  'redis',
  'sql.js',
  'sqlite3',
  'typeorm-aurora-data-api-driver',
  'expo-sqlite',
  'bun',
  '@valkey/valkey-glide',
  'cpu-features',
  'msgpackr-extract',
  'ts-node',
  'bufferutil',
  'utf-8-validate',
];

/** Packages that none of the apps calls, although a library loads them at its own start: their place stays empty. */
const unused = [
  // of nest-commander: asking for input in a terminal, a configuration file, completion in a shell
  'inquirer',
  'cosmiconfig',
  '@fig/complete-commander',
  // of class-validator: telephone numbers
  'libphonenumber-js',
  // of BullMQ: schedules in cron's form
  'cron-parser',
  'luxon',
];

interface BundleOptions {
  /** Packages that an app never calls, although a library of its loads them at its own start: an empty module stands in. */
  without?: string[];
  split?: boolean;
  panel?: boolean;
  target?: string;
  package?: Record<string, unknown>;
}

/** What an app's package.json says about its bundle, as `bundle`. */
export function bundleOptions(projectRoot: string): BundleOptions {
  const text = readFileSync(path.join(projectRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { bundle?: BundleOptions }).bundle ?? {};
}

const http = ['http', 'node:http'];

/** As ES modules: of its other build, all of it would be in each bundle. */
const classValidator = path.resolve('node_modules/class-validator/esm2015/index.js');

const lateTimes: [string, string] = [
  'new Intl.DateTimeFormat(',
  '((...options) => ({ format: (time) => new Intl.DateTimeFormat(...options).format(time) }))(',
];

/** What packages do at their own start that no app needs then, by the end of the file's name, and what stands in its place. */
const spared: Record<string, [done: string, instead: string]> = {
  // Looking for what older TypeORMs have it loads the whole package at run time, beside the one in the bundle: 250 ms.
  '/@nestjs/typeorm/dist/common/typeorm-compat.js': ["require('typeorm')", '{}'],
  // Nest's own log gets ready to write times, also where nobody writes into it: 15 ms.
  '/@nestjs/common/services/console-logger.service.js': lateTimes,
  '/@nestjs/common/services/logger.service.js': lateTimes,
};

function sparing(code: string, id: string): string {
  const [, change] = Object.entries(spared).find(([file]) => id.endsWith(file)) ?? [];
  if (!change) return code;
  const [done, instead] = change;
  if (!code.includes(done)) throw new Error(`${id} has no ${done} any more.`);
  return code.replace(done, instead);
}

/**
 * Where an app with `bundle.split` starts. Node's space for new objects would double with every burst of objects that stay,
 * the first of which is the loading of the app, and none of it is given back. It is told before anything is loaded.
 */
const start = (main: string): string => `import { setFlagsFromString } from 'node:v8';
setFlagsFromString('--semi-space-growth-factor=1');
await import(${JSON.stringify(main)});`;

const replaced = (main: string, without: readonly string[]): Plugin => ({
  name: 'replaced',
  resolveId(id, importer) {
    if (id === '\0start') return id;
    if (id === 'class-validator')
      // Nest's pipe, which no app uses, asks for all of it; of its modules only those come along that something imports.
      return importer?.endsWith('validation.pipe.js') ? `\0without:${id}` : classValidator;
    if (without.some((name) => id === name || id.startsWith(`${name}/`))) return `\0without:${id}`;
    // Importing node:http from a module runs its lazy getters, which load Node's whole fetch: 50 ms of every start.
    return http.includes(id) ? '\0node:http' : null;
  },
  // The map is for our own sources: what errors need of packages is the name of the function.
  transform(code, id) {
    if (!id.includes('node_modules')) return null;
    return { code: sparing(code, id), map: { mappings: '' } };
  },
  load(id) {
    if (id === '\0start') return start(main);
    if (id.startsWith('\0without:')) return 'module.exports = {};';
    return id === '\0node:http' ? "module.exports = process.getBuiltinModule('node:http');" : null;
  },
});

/**
 * What Node needs for reading a file of code grows with the file, and stays with the process: 30 MB for one of 6 MB. An app
 * that says `bundle.split` gets files beside main.mjs, and what only its commands import is not read by the service.
 */
const splitting = {
  // Each takes along what it imports, so that no two files import each other.
  groups: ['typeorm', 'bullmq', '@nestjs/core', '@nestjs/platform-express', 'class-validator', ''].map(
    (name) => ({
      name: name.split('/').at(-1) || 'packages',
      test: (id: string) => id.includes(`/node_modules/${name}`),
      // What only a command or an option needs stays out of what every start reads.
      entriesAware: true,
    }),
  ),
};

/**
 * Bundles one app into OUT_FOLDER/main.mjs: fast to start, and an image needs nothing else. The source map beside it is for
 * our loggers, which read it when they write an error; Node does not load it.
 *
 * @param outFolder may hold more than the bundle; the app's dist when not given, which holds nothing else then
 * @returns the modules that the bundle is made of, as files
 */
export async function bundleApp(projectRoot: string, outFolder?: string): Promise<string[]> {
  const options = bundleOptions(projectRoot);
  const main = path.resolve(projectRoot, 'src/main.ts');
  const without = [...unused, ...(options.without ?? [])];
  const ofWorkers: string[] = [];
  const bundle = await rolldown({
    input: options.split ? { main: '\0start' } : { main },
    platform: 'node',
    tsconfig: path.resolve('tsconfig.json'),
    ...(options.target && { transform: { target: options.target } }),
    plugins: [replaced(main, without), workers(ofWorkers)],
    external: (id) =>
      (id.startsWith('node:') && !http.includes(id)) ||
      id.endsWith('.node') ||
      absent.some((name) => id === name || id.startsWith(`${name}/`)),
  });
  const folder = outFolder ?? path.join(projectRoot, 'dist');
  const { output } = await bundle.write({
    dir: folder,
    // A folder that was asked for may hold more than the bundle: an image's recipe.
    cleanDir: outFolder === undefined,
    entryFileNames: 'main.mjs',
    // Some are named after modules that are no files, with characters that no import finds again.
    chunkFileNames: ({ name }) => `${name.replaceAll(/[^\w.~-]/g, '')}.mjs`,
    format: 'esm',
    codeSplitting: options.split ? splitting : false,
    // A text with one character beyond Latin-1 takes Node twice the memory.
    charset: 'ascii',
    comments: false,
    minify: {
      compress: false,
      // Names of classes and functions are read: by migrations, in errors, by what is injected.
      mangle: { toplevel: true, keepNames: { function: true, class: true } },
      codegen: { removeWhitespace: true },
    },
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  // The panel that the service shows is built before it; without one it says so.
  if (options.panel && existsSync('apps/panel/dist'))
    cpSync('apps/panel/dist', path.join(folder, 'panel'), { recursive: true });
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  if (options.package) writePackage(folder, options.package, modules);
  return [...modules, ...ofWorkers];
}

if (import.meta.main) {
  const [projectRoot, outFolder] = process.argv.slice(2);
  if (!projectRoot) throw new Error('usage: bundle.ts APP_FOLDER [OUT_FOLDER]');
  await bundleApp(projectRoot, outFolder);
}
