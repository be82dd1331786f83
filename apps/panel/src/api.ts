import type { PanelSession } from '@horde/panel-api';

/** A request that was refused, with a sentence for people. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    sentence: string,
  ) {
    super(sentence);
  }
}

/** Who is logged in. There is no page without a login: `begin` comes first. */
export let session: PanelSession;

export async function begin(): Promise<void> {
  session = await ask<PanelSession>('session');
}

/** When somebody was here last. Pages ask again by themselves: a login must not last by that. @unit ms */
let lastUse = Date.now();
for (const type of ['pointerdown', 'keydown', 'wheel'])
  addEventListener(type, () => void (lastUse = Date.now()), { passive: true });
/** Later than this after it, requests count as the page's own. @unit ms */
const presence = 60_000;

/** Asks the service behind this panel. @param path below `/admin/api/` @throws Refused */
export async function ask<T>(path: string, init: { method?: string; body?: object } = {}): Promise<T> {
  const { method = 'GET', body } = init;
  const response = await fetch(`/admin/api/${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(Date.now() - lastUse > presence && { 'x-by-itself': 'yes' }),
      ...(method !== 'GET' && { 'x-request-token': session.request_token }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (response.status === 401) location.assign('/admin/login/');
  if (!response.ok) throw new Refused(response.status, sentenceIn(await response.text()));
  return (await response.json()) as T;
}

/** What a refusal says, in any of the forms that services have for it. */
function sentenceIn(text: string): string {
  try {
    const json = JSON.parse(text) as Record<string, unknown> | unknown[];
    if (Array.isArray(json)) return json.join(' ');
    if (typeof json['detail'] === 'string') return json['detail'];
    return Object.entries(json)
      .map(([field, problems]) => `${field}: ${[problems].flat().map(String).join(' ')}`)
      .join(' ');
  } catch {
    return 'The service did not answer as it should. Its log says why.';
  }
}

export async function logOut(): Promise<void> {
  await fetch('/admin/logout', { method: 'POST', headers: { 'x-request-token': session.request_token } });
  location.assign('/admin/login/');
}
