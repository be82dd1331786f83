import { randomBytes } from 'node:crypto';
import type { Keypair } from '@horde/identity';
import { exchange, reasonOf } from '@horde/network';
import { panelLoginText } from '@horde/protocol';
import { plain } from '../terminal/words.ts';
import { UsageError } from '../usage-error.ts';

/** @unit ms */
const answerLimit = 10_000;
/** @unit bytes */
const maxAnswer = 64 * 1024;

/** Where a panel is, of what was typed: `https://panel.example/admin/` is `https://panel.example`. @throws UsageError */
export function panelOrigin(typed: string): string {
  if (!URL.canParse(typed) || !/^https?:$/.test(new URL(typed).protocol))
    throw new UsageError(`"${typed}" is no address of a panel: it begins with https:// or http://.`);
  const { protocol, hostname, port, origin } = new URL(typed);
  if (protocol === 'http:' && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)) {
    const way = `ssh -L ${port || 80}:127.0.0.1:${port || 80} ${hostname}`;
    throw new UsageError(
      `Nobody logs in to ${hostname} over plain HTTP. Open a way through ssh, ${way}, and name http://127.0.0.1:${port || 80}.`,
    );
  }
  return origin;
}

/** Signs in at a panel. @returns the address that logs a browser in, once and within a minute @throws Error a sentence */
export async function linkFor(origin: string, hotkey: Keypair, signal: AbortSignal): Promise<string> {
  const { service } = await ask<{ service: string }>(origin, 'service', signal);
  if (!/^[a-z]{1,20}$/.test(service)) throw new Error(`${origin} does not say which service it is.`);
  const login = {
    hotkey: hotkey.address,
    origin,
    service,
    nonce: randomBytes(32).toString('base64url'),
    at: Date.now(),
  };
  const signature = hotkey.signHex(panelLoginText(login));
  const form = new URLSearchParams({ ...login, at: String(login.at), signature });
  const { code } = await ask<{ code: string }>(origin, 'code', signal, form);
  if (!/^[\w-]{43}$/.test(code)) throw new Error(`${origin} gave no code.`);
  return `${origin}/admin/login/hotkey/#${code}`;
}

async function ask<T>(origin: string, path: string, signal: AbortSignal, form?: URLSearchParams): Promise<T> {
  const url = new URL(`/admin/login/hotkey/${path}`, origin);
  const { status, text } = await exchange(url, {
    method: form ? 'POST' : 'GET',
    ...(form && {
      body: form.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerLimit)]),
    maxBytes: maxAnswer,
  }).catch((error: unknown) => {
    throw new Error(`${origin} does not answer: ${reasonOf(error)}`, { cause: error });
  });
  const answer = objectIn(text);
  if (status < 300 && answer) return answer as T;
  const why =
    typeof answer?.['detail'] === 'string' ? plain(answer['detail'].slice(0, 500)) : `status ${status}`;
  throw new Error(`${origin} lets nobody in with a hotkey: ${why}`);
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' ? (json as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
