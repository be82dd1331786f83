export * from './kinds.ts';
export * from './paths.ts';
export type { Schema } from './schema.ts';
