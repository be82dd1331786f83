import fc, { type Arbitrary } from 'fast-check';
import {
  fieldsOf,
  maxOutputCredit,
  toJsonValue,
  wireTime,
  type FieldKind,
  type JsonValue,
  type WireClass,
} from '@horde/protocol';

/*
 * Generates instances of every wire class from the description of its fields, within the rules of the class: what a
 * peer of ours could write. The rules are known by the field's name here, since a generator has to aim at them.
 */

const hex = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });

/** Text as peers send it, also what is escaped or lies beyond ASCII. Never a NUL or half a surrogate pair. */
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom(
      '',
      'always',
      '"quoted" \\ back/slash',
      'é\u2028\u007f😀\uffff',
      '\t\n\r\b\f\u0001',
      ' 5 ',
      'null',
    ),
  )
  .map((value) => value.replaceAll('\0', ''));

const uploadPath = fc
  .array(fc.constantFrom('a', 'b.txt', '...', 'é😀', ' ', 'c:d', '~'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));

const time = fc
  .oneof(
    fc.integer({ min: 946_684_800, max: 4_102_444_799 }).map((seconds) => seconds * 1_000_000),
    fc.integer({ min: 946_684_800_000, max: 4_102_444_799_999 }).map((ms) => ms * 1_000 + 123),
  )
  .map(wireTime);

/** Any JSON, with integers beyond 2^53 and keys that look like integers; floats as Python writes them. */
const json: Arbitrary<JsonValue> = fc
  .letrec<{ value: unknown; object: unknown }>((tie) => ({
    object: fc
      .dictionary(fc.oneof(text, fc.constantFrom('10', '9', '__proto__')), tie('value'), { maxKeys: 4 })
      .map((plain) => new Map(Object.entries(plain))),
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      text,
      fc.integer(),
      fc.bigInt({ min: 2n ** 53n, max: 10n ** 25n }),
      fc.constantFrom(0.5, 1e16, 1e-7, 300.25),
      fc.array(tie('value'), { maxLength: 4 }),
      tie('object'),
    ),
  }))
  .value.map(toJsonValue);

const jsonObject = fc
  .array(fc.tuple(fc.oneof(text, fc.constantFrom('10', '9')), json), { maxLength: 4 })
  .map((entries) => new Map(entries));

/** Fields whose rules are narrower than their kind. */
const byName: Record<string, Arbitrary<unknown>> = {
  ttl: fc.integer({ min: 0, max: 2_592_000 }),
  time_took_us: fc.integer({ min: 0, max: 31_536_000_000_000 }),
  score_str: fc.constantFrom('0', '0.000000', '1.500000', '007.50'),
  block_numbers: fc.array(fc.integer({ min: 0, max: 2 ** 32 }), { maxLength: 5 }),
  port: fc.integer({ min: 1, max: 65_535 }),
  count: fc.integer({ min: 0, max: 1_000 }),
  offset: fc.nat(),
  credit: fc.integer({ min: 0, max: maxOutputCredit }),
  done: fc.nat(),
  total: fc.nat(),
  seconds: fc.nat(),
  expected_wait_seconds: fc.nat(),
  number: fc.integer({ min: 1 }),
  timestamp_ns: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  job_uuid: fc.uuid(),
  uuid: fc.uuid(),
  trusted_job_uuid: fc.uuid(),
  public_key: hex(64),
  signature: hex(128).map((digits) => `0x${digits}`),
  repo_type: fc.constantFrom(null, 'model', 'dataset', 'space'),
};

/** Instances of a wire class, every field set within its rules. */
export function instancesOf<T extends object>(type: WireClass<T>): Arbitrary<T> {
  const initial = new type() as Record<string, unknown>;
  const isUpload = 'output_upload_type' in initial;
  const fields = fieldsOf(type).map(({ name, kind }): [string, Arbitrary<unknown>] => {
    const narrower = isUpload && name === 'relative_path' ? uploadPath : byName[name];
    const value = kind.is !== 'object' && narrower ? narrower : valuesOf(kind, initial[name]);
    return [name, initial[name] === null ? fc.option(value, { nil: null }) : value];
  });
  return fc.record(Object.fromEntries(fields)).map((values) => Object.assign(new type(), values));
}

const texts = fc.array(text, { maxLength: 4 });
const textMap = fc
  .array(fc.tuple(fc.oneof(text, fc.constantFrom('10', '9', 'PATH')), text), { maxLength: 4 })
  .map((entries) => new Map(entries));

function valuesOf(kind: FieldKind, initial: unknown): Arbitrary<unknown> {
  switch (kind.is) {
    case 'text':
      return text.map((value) => value.slice(0, 100).toWellFormed());
    case 'integer':
      return fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.integer());
    case 'bigint':
      return fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
    case 'boolean':
      return fc.boolean();
    case 'time':
      return time;
    case 'json':
      return json;
    case 'jsonObject':
      return jsonObject;
    case 'texts':
      return texts;
    case 'textOrTexts':
      return fc.oneof(text, texts);
    case 'integers':
      return fc.array(fc.integer(), { maxLength: 4 });
    case 'textMap':
      return textMap;
    case 'integerMap':
      return fc
        .uniqueArray(fc.tuple(fc.constantFrom(...kind.words), fc.nat(1000)), { selector: ([key]) => key })
        .map((entries) => new Map(entries));
    case 'oneOf':
      return typeof initial === 'string' ? fc.constant(initial) : fc.constantFrom(...kind.words);
    case 'tolerant':
      return fc.constantFrom(...kind.words);
    case 'object':
      return instancesOf(kind.of());
    case 'objects':
      return fc.array(instancesOf(kind.of()), { maxLength: 2 });
    case 'variant':
      return fc.oneof(...kind.of().map((type) => instancesOf(type)));
    case 'variants':
      return fc.array(fc.oneof(...kind.of().map((type) => instancesOf(type))), { maxLength: 3 });
  }
}
