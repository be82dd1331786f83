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
  private readonly revision: string;

  constructor(
    private readonly repository: RepositoryName,
    private readonly access: HubAccess,
  ) {
    this.source = `The Hugging Face ${repository.type} ${repository.name}`;
    this.revision = encodeURIComponent(repository.revision); // refs/pr/1 is one
  }

  /** All files, with their sizes in bytes. */
  async *files(signal: AbortSignal): AsyncGenerator<{ path: string; size: number }> {
    // Only such volumes need the library, which takes time and memory to load.
    const { listFiles } = await import('@huggingface/hub');
    const entries = listFiles({
      repo: this.repository,
      revision: this.revision,
      recursive: true,
      hubUrl: this.access.hubUrl,
      fetch: async (url, init) => webResponse(await this.get(urlOf(url), headersOf(init), signal)),
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

  private async get(
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { hubUrl, token, send, idleTimeout } = this.access;
    const isHub = new URL(url).origin === new URL(hubUrl).origin;
    const response = await follow(send, {
      method: 'GET',
      url,
      headers: { 'accept-encoding': 'identity', ...headers },
      secrets: token && isHub ? { authorization: `Bearer ${token}` } : {},
      signal,
      idleTimeout,
    });
    const { status } = response;
    if (status < 400 || status === 416) return response;
    response.body.destroy();
    throw mayPass(status) ? new Unavailable(status) : this.refused(response);
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
