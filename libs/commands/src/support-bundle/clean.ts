import { isSecretName, redact } from '@horde/operations';
import { secretVariablesOf } from '@horde/settings';
import type { SupportFacts } from './facts.ts';

/** What is shorter would be found within other words, and is no secret that keeps anything. @unit characters */
const shortest = 6;

/** Whether the value of a variable must never be shown. */
export const isSecretVariable = (name: string, { settings }: SupportFacts): boolean =>
  secretVariablesOf(settings).has(name) || isSecretName(name) || /HEADERS/.test(name);

/** The values that may stand nowhere, whatever surrounds them: of secret settings and variables, and passwords in URLs. */
export function secretValues(facts: SupportFacts, environment: Record<string, string | undefined>): string[] {
  const values = Object.entries(environment).flatMap(([name, value = '']) => {
    const password = URL.canParse(value) ? new URL(value).password : '';
    const own = isSecretVariable(name, facts) ? [value, value.trim()] : [];
    return [...own, password, safelyDecoded(password)];
  });
  return [...new Set(values)].filter((value) => value.length >= shortest);
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param secrets values that may stand nowhere */
export function clean(text: string, secrets: string[]): string {
  const left = secrets
    .reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
    .replaceAll(/-----BEGIN [^-\n]{1,40}-----\n[^-]*-----END [^-\n]{1,40}-----/g, '[certificate or key]');
  // Line by line, and lines of a certificate or a key of which a log has only a part.
  return left
    .split('\n')
    .map((line) => (/^\s*[\w+/]{60,76}={0,2}\s*$/.test(line) ? '[base64]' : redact(line)))
    .join('\n');
}
