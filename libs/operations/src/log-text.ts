interface WrittenError {
  type?: string;
  message?: string;
  stack?: string;
  cause?: WrittenError;
  errors?: WrittenError[];
}

/** What a terminal would act on, or show in another order than it stands; line breaks among them. */
const controls = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** One of our JSON lines as people read it: moment, level, service, sentence, facts; below it where an error was. */
export function logText(line: string): string {
  const { time, level, service, msg, error, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const words = [
    text(time),
    text(level).toUpperCase().padEnd(5),
    `${text(service)}:`,
    text(msg),
    ...Object.entries(facts).map(([name, value]) => `${harmless(name)}=${fact(value)}`),
  ];
  return `${words.filter((word) => word !== '').join(' ')}\n${error === undefined ? '' : errorText(error, '  ')}`;
}

function errorText(error: unknown, indent: string): string {
  if (typeof error !== 'object' || error === null) return `${indent}${text(error)}\n`;
  const { type, message, stack, cause, errors } = error as WrittenError;
  const lines = (stack ?? `${type}: ${message}`).split('\n').map((one) => `${indent}${harmless(one)}\n`);
  const inner = [...(cause === undefined ? [] : [cause]), ...(errors ?? [])];
  return (
    lines.join('') + inner.map((one) => `${indent}because of\n${errorText(one, `${indent}  `)}`).join('')
  );
}

/** A word as it is; anything that could be taken for something else in quotes. */
function fact(value: unknown): string {
  const json = harmless(JSON.stringify(value));
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : json;
}

const text = (value: unknown): string =>
  value === undefined ? '' : harmless(typeof value === 'string' ? value : JSON.stringify(value));

const harmless = (value: string): string =>
  value.replace(controls, (one) =>
    one === '\n' ? '\\n' : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
