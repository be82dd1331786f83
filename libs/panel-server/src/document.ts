import { operatorRoles, panelSettingSources, panelSettingTypes, type PanelSpan } from '@horde/panel-api';
import {
  boolean,
  integer,
  is,
  list,
  number,
  object,
  ofPath,
  orNull,
  pathsOf,
  query,
  string,
  texts,
  time,
  type Operation,
  type Schema,
} from '@horde/openapi';

/** What a service's own pages ask for and change. */
export interface PanelApi {
  /** The service's name: `facilitator`. */
  service: string;
  /** The answers by name: those of the types in `@horde/panel-api`. */
  schemas: Record<string, Schema>;
  operations: Operation[];
  /** What the pages are to ask for again, by the channel of the doorbell that rings for it: `{jobs: ['jobs', 'overview']}`. */
  live?: Readonly<Record<string, readonly string[]>>;
}

/** Beside what an operation answers: whoever is logged in may not do it, or there is no such thing. */
export const refused = { 403: is('Detail') };
export const unknown = { 404: is('Detail') };

/** An operation that reads. @param path below `/admin/api/` */
export const reads = (
  path: string,
  summary: string,
  answer: string,
  more: Partial<Pick<Operation, 'parameters' | 'answers'>> = {},
): Operation => ({
  method: 'get',
  path: `/admin/api/${path}`,
  summary,
  needs: 'session',
  ...(more.parameters && { parameters: more.parameters }),
  answers: { 200: is(answer), ...refused, ...more.answers },
});

/** A list that goes on by cursors: `PanelList`. */
export const pages = (description: string, item: Schema): Schema =>
  object(description, {
    results: list(item),
    next: { ...orNull(string), description: 'The cursor of what follows; null: nothing does.' },
    count: integer,
    is_estimate: { ...boolean, description: 'Beyond 10,000 they are not counted.' },
  });

/** An operation that reads such a list. @param filters by name, what each does and the values that it takes */
export const readsPages = (
  path: string,
  summary: string,
  answer: string,
  filters: Record<string, [about: string, schema: Schema]>,
): Operation =>
  reads(path, summary, answer, {
    parameters: [
      query('cursor', 'Where to go on; empty: at the beginning.', string),
      query('page_size', 'At most 100.', { ...integer, default: 25 }),
      ...Object.entries(filters).map(([name, [about, schema]]) => query(name, about, schema)),
    ],
    answers: { 400: is('FieldErrors'), 503: is('Detail') },
  });

/** What a job's timeline is made of: `PanelSpan`. @param kinds those that the service knows @param limit the type of limits */
export const spans = (about: string, kinds: readonly PanelSpan['kind'][], limit: Schema = integer): Schema =>
  list(
    object(about, {
      kind: { type: 'string', enum: kinds },
      label: string,
      sentence: string,
      from: time,
      until: orNull(time),
      limit: orNull(limit),
    }),
  );

/** What became of the jobs of each hour. */
export const jobsByHour = (about: string): Schema =>
  list(object(about, { hour: time, completed: integer, failed: integer, going_on: integer }));

export const spansByHour = (about: string): Schema => list(object(about, { hour: time, seconds: number }));

/** A list that is sent as a whole: `{"results": […]}`. */
export const results = (description: string, item: Schema): Schema =>
  object(description, { results: list(item) });

const from = { type: 'string', enum: panelSettingSources };
const setting = object('A setting that changes while the service runs.', {
  name: string,
  type: { type: 'string', enum: panelSettingTypes },
  help: string,
  unit: orNull(string),
  value: {},
  from,
  default: {},
  otherwise: object('What it is where the operator says nothing of it here.', { value: {}, from }),
  changed: orNull(
    object('Its last change.', {
      at: time,
      by: { ...orNull(string), description: 'null: the documents.' },
      from: string,
    }),
  ),
});

const schemas: Record<string, Schema> = {
  Session: object('Who is logged in.', {
    service: string,
    name: string,
    role: { type: 'string', enum: operatorRoles },
    request_token: { ...string, description: 'Goes with each change, in the header X-Request-Token.' },
    other_panels: { ...texts, description: 'Where those of the other services are, by the service.' },
  }),
  Changes: object('What was changed, newest first.', {
    results: list(
      object('A change.', {
        id: string,
        at: time,
        by: { ...orNull(string), description: 'null: a command, or the service itself.' },
        action: string,
        subject: string,
        before: orNull({ type: 'object' }),
        after: orNull({ type: 'object' }),
      }),
    ),
    next: orNull(string),
  }),
  Settings: results('The settings that change while the service runs.', setting),
  Setting: setting,
  Nothing: object('It is done.', {}),
  Detail: object('Why not, in a sentence.', { detail: string }),
  Sentences: { ...list(string), description: 'Why not, in sentences.' },
  FieldErrors: {
    type: 'object',
    description: 'What is wrong, by field.',
    additionalProperties: { anyOf: [list({}), { type: 'object' }] },
  },
};

const operations: Operation[] = [
  reads('session', 'Say who is logged in', 'Session'),
  reads('changes', 'List what was changed', 'Changes', {
    parameters: [query('before', 'Only what is older than this change.', string)],
  }),
  {
    method: 'get',
    path: '/admin/api/live',
    summary: 'Hear which resources have changed: server-sent events',
    about: 'Events `changed` with lists of names of resources, at most one a second. It ends with the login.',
    needs: 'session',
    answers: { 200: [{ type: 'text/event-stream' }], ...refused },
  },
];

const theSetting = [ofPath('name', 'The setting.', string)];

/** The operations of `ConfigurationController`, for the services that list it. */
export const configurationOperations: Operation[] = [
  reads('configuration', 'List the settings that change while the service runs', 'Settings'),
  {
    method: 'put',
    path: '/admin/api/configuration/{name}',
    summary: 'Change a setting, in all processes at once',
    needs: 'session',
    parameters: theSetting,
    body: { type: 'object', properties: { value: {} }, required: ['value'] },
    answers: { 200: is('Setting'), 400: is('Sentences', 'FieldErrors'), ...refused, 404: is('Sentences') },
  },
  {
    method: 'delete',
    path: '/admin/api/configuration/{name}',
    summary: 'Take back what the operator has set',
    needs: 'session',
    parameters: theSetting,
    answers: { 200: is('Setting'), ...refused, 404: is('Sentences') },
  },
];

/** The operations of a service's panel: those that all have come first. */
export const panelOperations = (api: PanelApi): Operation[] => [...operations, ...api.operations];

/** The admin API of a service in the form of OpenAPI 3.1. */
export function panelDocument(api: PanelApi): Schema {
  const known = { ...schemas, ...api.schemas };
  return {
    openapi: '3.1.0',
    info: {
      title: `The ${api.service}'s panel`,
      version: '1',
      description: 'What the panel asks for and changes.',
    },
    paths: pathsOf(panelOperations(api), known),
    components: {
      schemas: known,
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: `horde-${api.service}` } },
    },
  };
}
