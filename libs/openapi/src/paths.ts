import type { Schema } from './schema.ts';

/** How an operation answers: the name of a schema, or of a type of content that has none. */
export type Answer = { is: string } | { type: string };

export interface Parameter {
  name: string;
  in: 'query' | 'header' | 'path';
  about: string;
  schema: Schema;
  required?: boolean;
}

/** What can be asked of the API at one path with one method. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  summary: string;
  /** More about it. */
  about?: string;
  /** `login`: the token; `signature`: the token and a signature over the body; `session`: an operator's cookie. */
  needs: 'nothing' | 'login' | 'signature' | 'session';
  parameters?: Parameter[];
  body?: Schema;
  /** The answers by status, beside those that all have. */
  answers: Record<number, Answer[]>;
}

/** The operations by path and method, as OpenAPI has them. */
export function pathsOf(of: readonly Operation[], known: Record<string, Schema>): Schema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of of) (paths[operation.path] ??= {})[operation.method] = written(operation, known);
  return paths;
}

const securityOf = {
  login: { token: [] },
  signature: { token: [], signature: [] },
  session: { session: [] },
};

function written(operation: Operation, known: Record<string, Schema>): Schema {
  const { summary, about, needs, parameters = [], body, answers } = operation;
  const all: Operation['answers'] = { 429: [{ is: 'Detail' }, { is: 'Sentences' }], ...answers };
  if (needs !== 'nothing') all[401] = [{ is: 'Detail' }];
  return {
    summary,
    ...(about && { description: about }),
    ...(needs !== 'nothing' && {
      security: [securityOf[needs]],
    }),
    parameters: parameters.map(({ about: description, ...parameter }) => ({ ...parameter, description })),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: Object.fromEntries(
      Object.entries(all).map(([status, answer]) => [status, response(answer, known)]),
    ),
  };
}

function response(answers: Operation['answers'][number], known: Record<string, Schema>): Schema {
  const named = answers.flatMap((answer) => ('is' in answer ? [answer.is] : []));
  const bare = answers.flatMap((answer) => ('type' in answer ? [answer.type] : []));
  const refs = named.map((name) => ({ $ref: `#/components/schemas/${name}` }));
  return {
    description: named.map((name) => known[name]!.description).join(' Or: ') || bare.join(', '),
    content: {
      ...(refs.length > 0 && { 'application/json': { schema: refs.length > 1 ? { anyOf: refs } : refs[0] } }),
      ...Object.fromEntries(bare.map((type) => [type, {}])),
    },
  };
}
