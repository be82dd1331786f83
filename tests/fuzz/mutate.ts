import { parseJson, writeCompact, type JsonObject, type JsonValue } from '@horde/protocol';

type Random = () => number;

const pick = <T>(random: Random, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);

/** JSON texts that are seldom what a field wants. */
const oddValues: ((random: Random) => string)[] = [
  ...[
    'null',
    'true',
    '0',
    '-1',
    '-0',
    '5.5',
    '5.0',
    '1e999',
    '-1e-400',
    '18446744073709551616',
    'NaN',
    'Infinity',
    '""',
    '"5"',
    '" 1_000 "',
    '"2025-13-01T00:00:00Z"',
    '"\\ud800"',
    '"\\u0000"',
    '"é\u2028😀"',
    '[]',
    '[null]',
    '{}',
    '{"__proto__":{"a":1},"constructor":null}',
    '{"volume_type":"multi_volume","volumes":[{"volume_type":"multi_volume","volumes":[]}]}',
  ].map((text) => () => text),
  (random) => '9'.repeat(below(random, 6_000) + 1),
  (random) => `"${'x'.repeat(2 ** below(random, 18))}"`,
  (random) => `"${'\\n'.repeat(2 ** below(random, 16))}"`,
  (random) => `[${'1,'.repeat(2 ** below(random, 14))}1]`,
  (random) => `${'['.repeat(2 ** below(random, 12))}1`,
  (random) => {
    const depth = below(random, 80);
    return '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
  },
];

const oddCharacters = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\0',
  '\u2028',
  '\uffff',
  '\ud800',
  '\ufeff',
  '😀',
  ' ',
];

/** Every place in a value: the list or object that holds it, and where in there. */
function placesIn(value: JsonValue, places: [JsonValue[] | JsonObject, string | number][] = []) {
  if (value instanceof Map) {
    for (const [key, item] of value) {
      places.push([value, key]);
      placesIn(item, places);
    }
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      places.push([value, index]);
      placesIn(item, places);
    });
  }
  return places;
}

const mark = '@odd@';

/** Changes one value, key or entry of a JSON text that can be read; any other text stays as it is. */
function mutateTree(text: string, random: Random): string {
  let json: JsonValue;
  try {
    json = parseJson(text);
  } catch {
    return text;
  }
  const places = placesIn(json);
  if (places.length === 0) return text;
  const [holder, key] = pick(random, places);
  if (Array.isArray(holder)) {
    if (random() < 0.5) holder[key as number] = mark;
    else holder.splice(key as number, 1);
  } else {
    const value = holder.get(key as string)!;
    const change = random();
    if (change >= 0.4) holder.delete(key as string);
    if (change < 0.4) holder.set(key as string, mark);
    else if (change < 0.6) holder.set(pick(random, [`${key}x`, '', 'message_type', 'error_type']), value);
  }
  return writeCompact(json).replace(`"${mark}"`, () => pick(random, oddValues)(random));
}

const mutators: ((text: string, random: Random) => string)[] = [
  mutateTree,
  mutateTree,
  mutateTree,
  // One character becomes another.
  (text, random) => {
    const at = below(random, text.length);
    const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << below(random, 7)));
    return text.slice(0, at) + (random() < 0.5 ? flipped : pick(random, oddCharacters)) + text.slice(at + 1);
  },
  (text, random) => text.slice(0, below(random, text.length + 1)),
  (text, random) => {
    const [from, to] = [below(random, text.length), below(random, text.length)].sort((a, b) => a - b);
    return text.slice(0, from) + text.slice(to);
  },
  // A key twice.
  (text, random) => {
    const keys = [...text.matchAll(/"[^"\\]{1,40}":/g)];
    if (keys.length === 0) return text;
    const { index, 0: key } = pick(random, keys);
    return `${text.slice(0, index)}${key}${pick(random, oddValues)(random)},${text.slice(index)}`;
  },
  (_text, random) => pick(random, oddValues)(random),
];

/** A text with one to three things wrong with it. The same stream of random numbers makes the same text. */
export function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let times = 1 + below(random, 3); times > 0; times--)
    mutated = pick(random, mutators)(mutated, random);
  return mutated;
}
