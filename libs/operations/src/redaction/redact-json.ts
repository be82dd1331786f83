import { isSecretName, redact, secret } from './redact.ts';

/** Maps of which the names may be seen, and no value: variables, fields of forms, headers. */
const secretMaps = new Set(['env', 'form_fields', 'signed_headers', 'headers']);
/** Files and parts of output, of which only the length is told. */
const payloads = new Set(['contents', 'artifacts', 'data']);
const limits = {
  /** Of a text so much is kept, and so much looked at. @unit characters */
  text: 300,
  looked: 4_000,
  /** Of all texts together so much is looked at. @unit characters */
  all: 32_000,
  /** Of a list or an object. */
  items: 50,
  depth: 16,
};

/**
 * A message's JSON, as `JSON.parse` makes it, as it may be stored and shown: without secrets (as `redact`, and all values
 * of variables, form fields and headers), and what is long cut, with its length.
 */
export const redactJson = (value: unknown): unknown => new Redaction().of(value, '', 0);

class Redaction {
  private left = limits.all;

  /** @param name of the field that it is in */
  of(value: unknown, name: string, depth: number): unknown {
    if (typeof value === 'string') return this.text(value, name);
    if (typeof value === 'number' && isSecretName(name)) return secret;
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= limits.depth) return '…';
    return Array.isArray(value) ? this.list(value, name, depth) : this.object(value, name, depth);
  }

  private text(text: string, name: string): string {
    if (isSecretName(name)) return secret;
    if (/signature$/i.test(name)) return `[signature, ${text.length} characters]`;
    if (payloads.has(name) && !/^[a-z]{1,10}:\/\//i.test(text)) return lengthOf(text);
    return this.shown(text);
  }

  private shown(text: string): string {
    const looked = text.slice(0, Math.min(limits.looked, this.left));
    this.left -= looked.length;
    if (looked === '' && text !== '') return lengthOf(text);
    const shown = redact(looked);
    return shown.length <= limits.text && looked.length === text.length
      ? shown
      : `${shown.slice(0, Math.min(limits.text, looked.length / 2))}… ${lengthOf(text)}`;
  }

  private list(list: unknown[], name: string, depth: number): unknown[] {
    const shown = list.slice(0, limits.items).map((item, at) => {
      const before = list[at - 1];
      // An option and its value: --token, abc
      const isValue = typeof before === 'string' && /^--?[\w-]{1,100}$/.test(before) && isSecretName(before);
      return isValue || secretMaps.has(name) ? secret : this.of(item, name, depth + 1);
    });
    return list.length > limits.items ? [...shown, `… [${list.length} items]`] : shown;
  }

  private object(object: object, name: string, depth: number): unknown {
    const entries = Object.entries(object);
    const shown = entries.slice(0, limits.items).map(([key, value]) => {
      if (secretMaps.has(name) && value !== null) return [this.shown(key), secret];
      if (payloads.has(name) && typeof value === 'string') return [this.shown(key), lengthOf(value)];
      return [this.shown(key), this.of(value, key, depth + 1)];
    });
    if (entries.length > limits.items) shown.push(['…', `[${entries.length} entries]`]);
    return Object.fromEntries(shown) as unknown;
  }
}

const lengthOf = (text: string): string => `[${text.length} characters]`;
