import type { INestApplication } from '@nestjs/common';
import type { PanelSession } from '@horde/panel-api';
import type { Schema } from '@horde/openapi';
import type { Express } from 'express';

interface Answer {
  status: number;
  text: string;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- specs look into answers of every form
  json: any;
}

/** An account of a service's panel, logged in as its page logs in. */
export class PanelClient {
  private constructor(
    private readonly url: string,
    /** What its requests have in their headers; a spec may leave some out. */
    readonly headers: { cookie: string; 'x-request-token': string },
  ) {}

  /** @param url of the service, without `/admin` */
  static async logIn(url: string, name: string, password: string): Promise<PanelClient> {
    const response = await fetch(`${url}/admin/login/`, {
      method: 'POST',
      body: new URLSearchParams({ name, password }),
      redirect: 'manual',
    });
    const cookie = response.headers.get('set-cookie')?.split(';')[0];
    if (!cookie) throw new Error(`${name} is not let in: ${response.status} ${await response.text()}`);
    const session = await fetch(`${url}/admin/api/session`, { headers: { cookie } });
    const { request_token } = (await session.json()) as PanelSession;
    return new PanelClient(url, { cookie, 'x-request-token': request_token });
  }

  /** @param path below `/admin/api/` */
  get(path: string, headers: Record<string, string> = this.headers): Promise<Answer> {
    return this.ask(path, { headers });
  }

  change(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = this.headers,
  ): Promise<Answer> {
    return this.ask(path, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  private async ask(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.url}/admin/api/${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return {
      status: response.status,
      text,
      headers: response.headers,
      json: isJson ? JSON.parse(text) : null,
    };
  }
}

/** What a service answers below `/admin/api/`, as its document names it: `get /admin/api/jobs/{uuid}`. */
export function adminRoutes(app: INestApplication): string[] {
  const { stack } = (app.getHttpAdapter().getInstance() as Express).router as unknown as {
    stack: { route?: { path: string; methods: Record<string, boolean> } }[];
  };
  const routes = stack.flatMap(({ route }) =>
    route?.path.startsWith('/admin/api/')
      ? [`${Object.keys(route.methods)[0]} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`]
      : [],
  );
  return routes.filter((route) => !route.endsWith('openapi.json')).toSorted();
}

/** What a document names, in the same form. */
export const documentedRoutes = (document: { paths: Record<string, object> }): string[] =>
  Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
    .toSorted();

/** Names where an answer has other keys than its schema says; empty: nowhere. */
export function differences(value: unknown, schema: Schema, at = ''): string[] {
  const { properties, items, anyOf } = schema;
  if (anyOf) return value === null ? [] : differences(value, anyOf[0]!, at);
  if (items) return (value as unknown[]).flatMap((item) => differences(item, items, `${at}[]`));
  if (!properties) return [];
  const [has, needs] = [Object.keys(value as object).toSorted(), Object.keys(properties).toSorted()];
  if (has.join() !== needs.join()) return [`${at}: ${has.join()} instead of ${needs.join()}`];
  return has.flatMap((name) =>
    differences((value as Record<string, unknown>)[name], properties[name]!, `${at}.${name}`),
  );
}
