/** Bundles one app into dist/main.mjs, with a source map: fast to start, and an image needs nothing else. */
import { rolldown } from 'rolldown';
import path from 'node:path';

const [projectRoot] = process.argv.slice(2);
if (!projectRoot) throw new Error('usage: bundle.ts APP_FOLDER');

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

const bundle = await rolldown({
  input: path.join(projectRoot, 'src/main.ts'),
  platform: 'node',
  tsconfig: path.resolve('tsconfig.json'),
  external: (id) =>
    id.startsWith('node:') ||
    id.endsWith('.node') ||
    absent.some((name) => id === name || id.startsWith(`${name}/`)),
});
await bundle.write({
  file: path.join(projectRoot, 'dist/main.mjs'),
  format: 'esm',
  sourcemap: true,
  codeSplitting: false,
});
