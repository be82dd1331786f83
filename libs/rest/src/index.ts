export * from './bodies/body.ts';
export * from './bodies/fields.ts';
export * from './parameter-reader.ts';
export * from './refusal.filter.ts';
export * from './refusal.ts';
export * from './stream-json.ts';
