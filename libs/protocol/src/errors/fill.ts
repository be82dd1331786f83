/** A fact in a sentence: `{name}` as it is, `{name:bytes}`, `{name:quoted}`, or `{name:miner}` with a noun to count. */
const fact = /\{(?<name>\w+)(:(?<form>\w+))?\}/g;

/** The longest text that is quoted in a sentence. @unit characters */
const maxQuoted = 300;

/** A sentence with its facts in place of their names. */
export function fill(says: string, facts: ReadonlyMap<string, string | number>): string {
  return says.replace(fact, (_all, name: string, _part, form: string | undefined) =>
    formed(facts.get(name)!, form),
  );
}

/** The names of a sentence's facts, in the order in which they stand there. */
export const factNames = (says: string): string[] =>
  [...says.matchAll(fact)].map(({ groups }) => groups!['name']!);

function formed(value: string | number, form: string | undefined): string {
  switch (form) {
    case undefined:
      return String(value);
    case 'bytes':
      return bytes(Number(value));
    case 'quoted':
      return JSON.stringify(String(value).slice(0, maxQuoted));
    default:
      return `${value} ${form}${Number(value) === 1 ? '' : 's'}`;
  }
}

/** `2147483648` -> `2 GiB`; `1500` -> `1.5 KiB`. */
export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}
