import type { Answer, Parameter } from './paths.ts';
import type { Schema } from './schema.ts';

export const string = { type: 'string' };
export const integer = { type: 'integer' };
export const number = { type: 'number' };
export const boolean = { type: 'boolean' };
export const time = { type: 'string', format: 'date-time' };
export const uuid = { type: 'string', format: 'uuid' };
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
export const texts = { type: 'object', additionalProperties: string };

export const object = (description: string, properties: Record<string, Schema>): Schema => ({
  type: 'object',
  description,
  properties,
  required: Object.keys(properties),
});

/** Answers by the names of their schemas. */
export const is = (...names: string[]): Answer[] => names.map((name) => ({ is: name }));

export const query = (name: string, about: string, schema: Schema): Parameter => ({
  name,
  in: 'query',
  about,
  schema,
});

/** A part of the path, `{name}`. */
export const ofPath = (name: string, about: string, schema: Schema): Parameter => ({
  name,
  in: 'path',
  about,
  schema,
  required: true,
});
