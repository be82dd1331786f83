import {
  JsonError,
  parseJson,
  toPlain,
  writeCompact,
  type FieldProblem,
  type JsonValue,
} from '@horde/protocol';
import { pythonType } from '@horde/rest';

/** A value that is longer than this is not shown to the one who sent it. @unit characters */
const maxInput = 1_000;

/** What is wrong with a volume or an upload: the keys, and the types, of the library that ComputeHorde checks them with. */
export interface TransferProblem {
  type:
    'missing' | 'union_tag_invalid' | 'union_tag_not_found' | 'json_invalid' | 'list_type' | 'value_error';
  /** Where: the item's index, its kind, the field. */
  loc: string[];
  msg: string;
  /** What is wrong itself, or around what is missing; null when it is long. */
  input: unknown;
  ctx?: Record<string, string>;
  /** What the library says about this type of error. */
  url: string;
}

/** What is wrong with a value that should be a list of them. ComputeHorde's facilitator looks for JSON in a text. */
export function problemOfList(raw: JsonValue): TransferProblem {
  const error = typeof raw === 'string' ? jsonProblem(raw) : null;
  if (error !== null) return problem('json_invalid', [], `Invalid JSON: ${error}`, raw, { error });
  return problem('list_type', [], `Input should be a list, and it is of type "${pythonType(raw)}".`, raw);
}

/** What is wrong with one item. @param tag the field that tells its kind @param kinds the kinds that there are */
export function problemOfItem(
  item: JsonValue,
  index: number,
  { path, problem: says }: FieldProblem,
  tag: string,
  kinds: string[],
): TransferProblem {
  const kind = item instanceof Map ? item.get(tag) : undefined;
  if (path === tag) {
    const discriminator = `'${tag}'`;
    if (typeof kind !== 'string')
      return problem('union_tag_not_found', [String(index)], `${tag} ${says}`, item, { discriminator });
    const expected_tags = kinds.map((word) => `'${word}'`).join(', ');
    return problem('union_tag_invalid', [String(index)], `${tag} ${says}`, item, {
      discriminator,
      tag: kind.slice(0, maxInput),
      expected_tags,
    });
  }
  const loc = [
    String(index),
    ...(typeof kind === 'string' ? [kind] : []),
    ...path.split('.').filter(Boolean),
  ];
  if (says === 'is required') return problem('missing', loc, 'Field required', item);
  const input = item instanceof Map ? (item.get(path) ?? item) : item;
  return problem('value_error', loc, says, input);
}

const problem = (
  type: TransferProblem['type'],
  loc: string[],
  msg: string,
  input: JsonValue,
  ctx?: Record<string, string>,
): TransferProblem => ({
  type,
  loc,
  msg,
  input: writeCompact(input).length <= maxInput ? toPlain(input) : null,
  ...(ctx && { ctx }),
  url: `https://errors.pydantic.dev/2.10/v/${type}`,
});

function jsonProblem(text: string): string | null {
  try {
    parseJson(text);
    return null;
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
}
