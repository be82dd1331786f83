/** How long the panel's requests take where there are many rows: each list with each of its filters, and what its pages show as a whole. */
import type { PanelClient } from '@horde/testing/panel-client';
import type { Figure } from '../figure.ts';
import type { FilledService } from './filled-service.ts';

/** Of each list and filter. */
export const requests = 200;
export const pageSize = 25;
const bar = 300;
/** The parameters of every list. */
const common = new Set(['cursor', 'page_size']);

interface Parameter {
  name: string;
  in: string;
  schema: { enum?: string[]; items?: { enum?: string[] } };
}

interface Document {
  paths: Record<
    string,
    { get?: { parameters?: Parameter[]; responses: Record<string, { content?: Record<string, unknown> }> } }
  >;
}

interface List {
  next: string | null;
  count: number;
  is_estimate: boolean;
}

/** Of every request that the API's document of the service tells of, but for those about one record. */
export async function listFigures(
  client: PanelClient,
  service: FilledService,
  rows: number,
): Promise<Figure[]> {
  const { paths } = (await client.get('openapi.json')).json as Document;
  const values = service.values(rows);
  const figures: Figure[] = [];
  for (const [path, { get }] of Object.entries(paths)) {
    if (!get?.responses['200']?.content?.['application/json'] || path.includes('{')) continue;
    const name = path.replace('/admin/api/', '');
    const parameters = get.parameters?.filter((one) => one.in === 'query') ?? [];
    if (!parameters.some((one) => one.name === 'cursor')) {
      figures.push(await measured(client, `${service.name}: ${name}`, [name]));
      continue;
    }
    figures.push(
      await measured(client, `${service.name}: ${name}`, await pagesOf(client, name, '', service)),
    );
    for (const filter of parameters.filter((one) => !common.has(one.name)))
      figures.push(await filtered(client, service, name, filter, values[name]?.[filter.name]));
  }
  return figures;
}

/** Of a process that has just been started: it reckons the hours of a day. */
export async function firstOverview(client: PanelClient, service: string): Promise<Figure> {
  const began = performance.now();
  await ask(client, 'overview');
  const value = performance.now() - began;
  return { name: `${service}: first overview`, value, unit: 'ms', bar: 2_000, atLeast: false };
}

async function filtered(
  client: PanelClient,
  service: FilledService,
  list: string,
  { name, schema }: Parameter,
  values = schema.enum ?? schema.items?.enum,
): Promise<Figure> {
  if (!values)
    throw new Error(
      `The bench knows nothing that ${list} of the ${service.name} are filtered by as ${name}.`,
    );
  const pages: string[] = [];
  for (const value of values)
    pages.push(...(await pagesOf(client, list, `${name}=${encodeURIComponent(value)}`, service)));
  return measured(client, `${service.name}: ${list} by ${name}`, pages);
}

/** The first page, one in the middle and the last one, as far as there are so many. */
async function pagesOf(
  client: PanelClient,
  list: string,
  filter: string,
  { hours }: FilledService,
): Promise<string[]> {
  const first = `${list}?${filter}&page_size=${pageSize}`;
  const { next, count } = (await ask(client, first)).json as List;
  if (next === null) return [first];
  const [newest, ...rest] = JSON.parse(Buffer.from(next, 'base64url').toString()) as string[];
  // A cursor names a place among the rows, whether there is one at it or not. They come evenly.
  const isMoment = newest!.includes('-');
  const end = isMoment ? Date.parse(newest!) : Number(newest);
  const bound = /(?:after|from_block)=(.*)/.exec(filter)?.[1];
  const oldest = isMoment ? Date.now() - hours * 3_600_000 : 0;
  const begin =
    bound === undefined ? oldest : isMoment ? Date.parse(decodeURIComponent(bound)) : Number(bound);
  const at = (share: number) => {
    const place = begin + (end - begin) * share;
    const text = isMoment ? new Date(place).toISOString() : String(Math.floor(place));
    return `${first}&cursor=${Buffer.from(JSON.stringify([text, ...rest])).toString('base64url')}`;
  };
  return [first, at(0.5), at(Math.min(0.9, pageSize / count))];
}

/** @param pages are asked for by turns */
async function measured(client: PanelClient, name: string, pages: string[]): Promise<Figure> {
  const took: { page: string; ms: number }[] = [];
  for (let request = 0; request < requests; request++) {
    const page = pages[request % pages.length]!;
    const began = performance.now();
    await ask(client, page);
    took.push({ page, ms: performance.now() - began });
  }
  took.sort((one, other) => one.ms - other.ms);
  const p99 = took[Math.ceil(requests * 0.99) - 1]!;
  const median = took[requests / 2]!.ms;
  const slowest = decodeURIComponent(p99.page.replace(/cursor=.*/, 'cursor=…'));
  const note = `median ${median.toFixed(0)} ms; the p99 is ${slowest}`;
  return { name, value: p99.ms, unit: 'ms', bar, atLeast: false, note };
}

async function ask(client: PanelClient, page: string) {
  const answer = await client.get(page);
  if (answer.status !== 200) throw new Error(`${page} is answered ${answer.status}: ${answer.text}`);
  return answer;
}
