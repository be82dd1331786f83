import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What it answers to one request: a status and a body, nothing at all, or what a function does. */
export type Answer =
  [status: number, body: string] | 'cut' | ((response: ServerResponse, request: IncomingMessage) => unknown);

interface Seen {
  line: string;
  headers: IncomingMessage['headers'];
  body: string;
}

const createdAt = '2026-01-01T00:00:00.000001Z';
export const scriptedUuid = '7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01';

/** An entry of a job's history. */
export const statusEntry = (status: string, metadata: object = {}) => ({
  status,
  metadata,
  created_at: createdAt,
});

/** The text of a job with these statuses. */
export const jobText = (statuses: object[], more: object = {}): string =>
  JSON.stringify({
    uuid: scriptedUuid,
    executor_class: 'always_on.test',
    created_at: createdAt,
    docker_image: 'a',
    job_namespace: 'SN1.0',
    args: [],
    env: {},
    tag: '',
    stdout: '',
    stderr: '',
    artifacts: {},
    upload_results: {},
    status_history: statuses,
    ...more,
  });

/** An event of a stream. */
export const eventText = (id: string | number, type: string, data: object): string =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Begins a stream of events with these; it stays open. */
export const eventStream =
  (...events: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    response.write(events.join(''));
  };

/** A facilitator's REST API that gives prepared answers, in their order; logins without one work by themselves. */
export class ScriptedFacilitator {
  /** To each path, such as `GET /api/v1/jobs/…/events/`, or to all others under `*`. */
  readonly answers = new Map<string, Answer[]>();
  /** What was asked, without such logins. */
  readonly seen: Seen[] = [];
  /** What is to be signed for a login. */
  nonce = `${'0123456789abcdef'.repeat(2)}:1tA2bc:${'A-_9'.repeat(11).slice(1)}`;
  logins = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedFacilitator> {
    const server = createServer();
    const facilitator = new ScriptedFacilitator(server);
    server.on('request', (request, response) => void facilitator.respond(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return facilitator;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Adds answers to requests of a path. */
  on(line: string, ...answers: Answer[]): this {
    this.answers.set(line, [...(this.answers.get(line) ?? []), ...answers]);
    return this;
  }

  /** The first lines of what was asked. */
  get lines(): string[] {
    return this.seen.map(({ line }) => line);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const line = `${request.method} ${request.url}`;
    let prepared = this.answers.get(line)?.shift();
    if (!prepared && line === 'GET /auth/nonce')
      return void response.end(JSON.stringify({ nonce: this.nonce }));
    if (!prepared && line === 'POST /auth/login') return void response.end(`{"token":"t${this.logins++}"}`);
    this.seen.push({ line, headers: request.headers, body });
    prepared ??= this.answers.get('*')?.shift();
    const answer = prepared ?? [404, '{"detail":"nothing prepared"}'];
    if (answer === 'cut') return void request.socket.destroy();
    if (typeof answer === 'function') return void answer(response, request);
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(answer[1]);
  }
}
