import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { HttpResponse, HttpSend } from '../http/client.ts';
import { follow } from '../http/follow.ts';
import { failures, type JobFailure } from '../failures.ts';
import type { AskFor } from './download.ts';
import { headersForRest } from './resume.ts';
import { mayPass, Unavailable } from './tries.ts';

export interface HubAccess {
  /** Without a slash at its end. */
  hubUrl: string;
  /** Sent to the hub's own origin alone, never along a redirect to another; null: none. */
  token: string | null;
  send: HttpSend;
  idleTimeout: number;
}

export interface RepositoryName {
  type: 'model' | 'dataset' | 'space';
  /** `owner/name`, or `name` alone for the oldest. */
  name: string;
  /** A branch, a tag or a commit. */
  revision: string;
}

/** One repository on a Hugging Face hub, read by the hub's own library over HTTP under our rules. */
export class HubRepository {
  /** As messages name it. */
  readonly source: string;
  /** As it stands in URLs: what was asked for, or the commit that it names. */
  private revision: string;

  constructor(
    private readonly repository: RepositoryName,
    private readonly access: HubAccess,
  ) {
    this.source = `The Hugging Face ${repository.type} ${repository.name}`;
    this.revision = encodeURIComponent(repository.revision); // refs/pr/1 is one
  }

  /**
   * All files, with their sizes in bytes, of the commit that the revision names now: a branch may move before the last
   * of them is downloaded.
   */
  async *files(signal: AbortSignal): AsyncGenerator<{ path: string; size: number }> {
    // Only such volumes need the library, which takes time and memory to load.
    const { listFiles } = await import('@huggingface/hub');
    await this.pin(signal);
    const entries = listFiles({
      repo: this.repository,
      revision: this.revision,
      recursive: true,
      hubUrl: this.access.hubUrl,
      fetch: async (url, init) => {
        const page = await this.get(urlOf(url), headersOf(init), signal);
        const link = page.headers.get('link');
        if (link) page.headers.set('link', this.ownLink(link));
        return webResponse(page);
      },
    });
    for await (const { type, path, size } of entries) if (type === 'file') yield { path, size };
  }

  /** For one of the `files`; large ones are redirected to where the hub stores them. */
  askFor({ path, size }: { path: string; size: number }, signal: AbortSignal): AskFor {
    const { type, name } = this.repository;
    const inside = path.split('/').map(encodeURIComponent).join('/');
    const place = type === 'model' ? name : `${type}s/${name}`;
    const url = `${this.access.hubUrl}/${place}/resolve/${this.revision}/${inside}`;
    return async (rest) => {
      const { downloadFile } = await import('@huggingface/hub');
      // The library gives a Blob, which hides the answer and turns failures into text; our own fetch sees both.
      const { promise: answered, resolve, reject } = Promise.withResolvers<HttpResponse>();
      const blob = await downloadFile({
        repo: this.repository,
        path,
        hubUrl: this.access.hubUrl,
        xet: false, // plain HTTP, under our rules
        downloadInfo: { url, size, etag: '' }, // what it would spend a request on
        fetch: async (target, init) => {
          try {
            const headers = { ...headersOf(init), ...(rest && headersForRest(rest)) };
            const answer = await this.get(urlOf(target), headers, signal);
            resolve(answer);
            return webResponse(answer);
          } catch (error) {
            reject(error);
            throw error;
          }
        },
      });
      const body = Readable.fromWeb(blob!.stream() as WebStream);
      body.on('error', () => {}); // whoever reads it learns of it
      return { ...(await answered), body };
    };
  }

  /** Where a hub does not know such requests, the revision stays as it is. */
  private async pin(signal: AbortSignal): Promise<void> {
    if (isCommit(this.revision)) return;
    const { type, name } = this.repository;
    const url = `${this.access.hubUrl}/api/${type}s/${name}/revision/${this.revision}?expand=sha`;
    const response = await this.ask(url, {}, signal);
    const { status, headers, body } = response;
    if (mayPass(status) || [401, 403].includes(status) || headers.has('x-error-code')) this.fail(response);
    const commit = status === 200 ? shaIn(await beginningOf(body, factsLimit)) : null;
    body.destroy();
    if (commit) this.revision = commit;
  }

  /** A mirror passes the pages of its original on, whose links to the next page lead past it. */
  private ownLink(link: string): string {
    const { hubUrl } = this.access;
    return link.replace(/<([^>]+)>\s*;\s*/g, (whole, target: string) => {
      if (!URL.canParse(target, hubUrl)) return whole;
      const { pathname, search } = new URL(target, hubUrl);
      const api = pathname.indexOf('/api/');
      return api < 0 ? whole : `<${hubUrl}${pathname.slice(api)}${search}>; `;
    });
  }

  private async get(
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const response = await this.ask(url, headers, signal);
    if (response.status < 400 || response.status === 416) return response;
    return this.fail(response);
  }

  private fail(response: HttpResponse): never {
    response.body.destroy();
    throw mayPass(response.status) ? new Unavailable(response.status) : this.refused(response);
  }

  private ask(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<HttpResponse> {
    const { hubUrl, token, send, idleTimeout } = this.access;
    const isHub = new URL(url).origin === new URL(hubUrl).origin;
    return follow(send, {
      method: 'GET',
      url,
      headers: { 'accept-encoding': 'identity', ...headers },
      secrets: token && isHub ? { authorization: `Bearer ${token}` } : {},
      signal,
      idleTimeout,
    });
  }

  private refused({ status, headers }: HttpResponse): JobFailure {
    const because = (why: string) => failures.VOLUME_REPOSITORY_UNREADABLE(this.source, why);
    const missing = 'it does not exist, or it is private and needs a token that may read it';
    switch (headers.get('x-error-code')) {
      case 'RevisionNotFound':
        return because(`it has no revision ${JSON.stringify(this.repository.revision)}`);
      case 'GatedRepo':
        return because('it needs the token of an account that was given access to it on the hub');
      case 'RepoNotFound':
        return because(missing);
    }
    const { token } = this.access;
    if (status === 401) return because(token ? 'the hub does not accept the token' : missing);
    if (status === 403) return because(token ? 'the token may not read it' : 'the hub does not allow it');
    return because(status === 404 ? missing : `the hub answered with HTTP ${status}`);
  }
}

/** The longest answer about a revision that is read. @unit bytes */
const factsLimit = 1024 * 1024;

const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision);

function shaIn(text: string): string | null {
  try {
    const { sha } = JSON.parse(text) as { sha?: unknown };
    return typeof sha === 'string' && isCommit(sha) ? sha : null;
  } catch {
    return null;
  }
}

async function beginningOf(body: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function urlOf(input: Parameters<typeof fetch>[0]): string {
  return input instanceof Request ? input.url : String(input);
}

function headersOf(init?: RequestInit): Record<string, string> {
  return Object.fromEntries(new Headers(init?.headers));
}

function webResponse({ status, headers, body }: HttpResponse): Response {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  // Readable.toWeb would copy each chunk.
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void body.destroy(),
  });
  return new Response(stream, { status, headers: [...headers] });
}
