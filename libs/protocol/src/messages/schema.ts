import type { FieldKind, WireClass } from './fields.ts';
import { planOf } from './plan.ts';

/** JSON Schema of 2020-12, as OpenAPI 3.1 has it. */
type JsonSchema = Record<string, unknown>;

/** What a message class reads, for documents; limits of size are not in it. */
export function wireSchema(type: WireClass): JsonSchema {
  const { fields, known } = planOf(type);
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(({ name, kind, initial }) => {
        const schema = ofKind(kind);
        return [name, initial === null ? { anyOf: [schema, { type: 'null' }] } : schema];
      }),
    ),
    required: fields.filter(({ required, kind }) => required || isTag(kind)).map(({ name }) => name),
    ...(known && { additionalProperties: false }),
  };
}

/** A word that there is no other for tells the class among others. */
const isTag = (kind: FieldKind): boolean => kind.is === 'oneOf' && kind.words.length === 1;

function ofKind(kind: FieldKind): JsonSchema {
  switch (kind.is) {
    case 'text':
    case 'time':
    case 'tolerant':
      return { type: 'string' };
    case 'integer':
    case 'bigint':
      return { type: 'integer' };
    case 'boolean':
      return { type: 'boolean' };
    case 'json':
      return {};
    case 'jsonObject':
      return { type: 'object' };
    case 'texts':
      return { type: 'array', items: { type: 'string' } };
    case 'textOrTexts':
      return { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
    case 'integers':
      return { type: 'array', items: { type: 'integer' } };
    case 'textMap':
      return { type: 'object', additionalProperties: { type: 'string' } };
    case 'integerMap':
      return {
        type: 'object',
        propertyNames: { enum: kind.words },
        additionalProperties: { type: 'integer' },
      };
    case 'oneOf':
      return { type: 'string', enum: kind.words };
    case 'object':
      return wireSchema(kind.of());
    case 'objects':
      return { type: 'array', items: wireSchema(kind.of()) };
    case 'variant':
      return { oneOf: kind.of().map(wireSchema) };
    case 'variants':
      return { type: 'array', items: { oneOf: kind.of().map(wireSchema) } };
  }
}
