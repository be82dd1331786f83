import type { Operation, Schema } from '@horde/openapi';
import { operations } from './operations.ts';
import { schemas } from './schemas.ts';

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430}
h2{font-size:1.1rem;margin:2.5rem 0 .3rem;border-top:1px solid #d8dde5;padding-top:1rem}
code{font:13px ui-monospace,monospace}table{border-collapse:collapse;margin:.5rem 0;width:100%}
td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #eceff3}
.m{display:inline-block;min-width:3.2rem;font-weight:600;color:#0b5cad}a{color:#0b5cad}`;

/** The API as a page to read: it has no script, so that it may be shown under any policy. */
export const apiPage = (): string => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Compute Horde: the API</title><style>${style}</style>
<h1>Compute Horde: the API</h1>
<p>For programs: <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>
<table>${operations.map((one) => `<tr><td>${link(one)}<td>${escape(one.summary)}`).join('')}</table>
${operations.map(section).join('\n')}
<h2 id="answers">What is answered</h2>
${Object.entries(schemas)
  .map(
    ([name, schema]) => `<h3 id="${name}">${name}</h3><p>${escape(schema.description ?? '')}${table(schema)}`,
  )
  .join('\n')}
</html>`;

const anchor = ({ method, path }: Operation): string =>
  `${method}${path.replaceAll(/[^a-z0-9]+/gi, '-')}`.replace(/-$/, '');

const link = (one: Operation): string =>
  `<a href="#${anchor(one)}"><code><span class="m">${one.method.toUpperCase()}</span> ${escape(one.path)}</code></a>`;

function section(one: Operation): string {
  const needs = {
    nothing: '',
    login: 'Needs a token.',
    signature: 'Needs a token, and a signature over the body.',
    session: 'Needs the cookie of an operator.',
  }[one.needs];
  const parameters = (one.parameters ?? []).map(
    ({ name, in: where, about, schema }) =>
      `<tr><td><code>${escape(name)}</code><td>${where}<td>${escape(kindOf(schema))}<td>${escape(about)}`,
  );
  const answers = Object.entries(one.answers).map(
    ([status, all]) =>
      `<tr><td>${status}<td>${all.map((answer) => ('is' in answer ? `<a href="#${answer.is}">${answer.is}</a>` : escape(answer.type))).join(', ')}`,
  );
  return `<h2 id="${anchor(one)}">${link(one)}</h2><p>${escape([one.summary, one.about, needs].filter(Boolean).join('. ').replaceAll('..', '.'))}
${parameters.length > 0 ? `<table><tr><th>Parameter<th>in<th>is<th>${parameters.join('')}</table>` : ''}
${one.body ? `<h3>Body</h3>${table(one.body)}` : ''}<table><tr><th>Status<th>Answer${answers.join('')}</table>`;
}

function table(schema: Schema): string {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return '';
  const required = schema.required ?? [];
  const rows = properties.map(
    ([name, property]) =>
      `<tr><td><code>${escape(name)}</code><td>${escape(kindOf(property))}<td>${required.includes(name) ? '' : 'may be left out'}<td>${escape(property.description ?? '')}`,
  );
  return `<table>${rows.join('')}</table>`;
}

function kindOf(schema: Schema): string {
  if (schema.enum) return schema.enum.join(', ');
  const kinds = schema.anyOf ?? schema.oneOf;
  if (kinds) return kinds.map(kindOf).join(' or ');
  if ('const' in schema) return JSON.stringify(schema['const']);
  const { type = 'anything' } = schema;
  return type === 'array' ? `list of ${kindOf(schema.items ?? {})}` : type;
}

const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);
