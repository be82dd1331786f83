import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { serve, type Received } from '@horde/testing/web-server';

export interface HubRepo {
  type?: 'model' | 'dataset' | 'space';
  /** `owner/name` */
  name: string;
  /** @default main */
  revision?: string;
  /** The commit that the revision names, by which the files can be had, too. */
  commit?: string;
  /** By path. */
  files: Record<string, string | Buffer>;
  /** Those stored elsewhere: their URLs redirect to another server. */
  large?: string[];
  /** Who may read it; absent: everyone. */
  token?: string;
}

/** Files per page of a listing: small, so that listings have pages. */
const pageSize = 3;

const missing = { status: 404, code: 'EntryNotFound' };

/**
 * A Hugging Face hub with these repositories, and the server on another port that its large files are on. It answers
 * as huggingface.co does: listings in pages, files with ETags and ranges, refusals with an error code.
 */
export async function serveHub(...repos: HubRepo[]) {
  const file = (repo: HubRepo, path: string) => Buffer.from(repo.files[path]!);
  const store = await serve((request, response) => {
    const [, index, path] = /^\/(\d+)\/(.*)\?signed$/.exec(request.url)!;
    const contents = file(repos[Number(index)]!, decodeURIComponent(path!));
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const etag = `"${createHash('sha256').update(contents).digest('hex')}"`;
    const rest = from > 0 && { 'content-range': `bytes ${from}-${contents.length - 1}/${contents.length}` };
    response.writeHead(from > 0 ? 206 : 200, { etag, 'content-length': contents.length - from, ...rest });
    response.end(contents.subarray(from));
  });
  const hub = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url, hub.url);
    const refuse = ({ status, code }: { status: number; code: string }) =>
      response.writeHead(status, { 'x-error-code': code, 'content-type': 'application/json' }).end('{}');
    const facts = /^\/api\/(model|dataset|space)s\/(.+)\/revision\/([^/]+)$/.exec(pathname);
    const listing = /^\/api\/(model|dataset|space)s\/(.+)\/tree\/([^/]+)$/.exec(pathname);
    const download = /^\/(?:(dataset|space)s\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    const [, type = 'model', name, revision] = (facts ?? listing ?? download)!;
    const repo = repos.find((each) => (each.type ?? 'model') === type && each.name === name);
    if (!repo || !mayRead(repo, request)) return void refuse({ status: 401, code: 'RepoNotFound' });
    if (![repo.revision ?? 'main', repo.commit].includes(decodeURIComponent(revision!))) {
      return void refuse({ status: 404, code: 'RevisionNotFound' });
    }
    if (facts) return void response.end(JSON.stringify({ sha: repo.commit }));
    if (listing) {
      const paths = Object.keys(repo.files);
      const at = Number(searchParams.get('cursor') ?? 0);
      const page = paths.slice(at, at + pageSize).map((path) => ({
        type: 'file',
        oid: createHash('sha1').update(path).digest('hex'),
        size: file(repo, path).length,
        path,
      }));
      const next = `<${hub.url}${pathname}?recursive=true&cursor=${at + pageSize}>; rel="next"`;
      response.setHeader('content-type', 'application/json');
      if (at + pageSize < paths.length) response.setHeader('link', next);
      return void response.end(
        JSON.stringify([{ type: 'directory', oid: '', size: 0, path: 'folder' }, ...page]),
      );
    }
    const path = decodeURIComponent(download![4]!);
    if (!(path in repo.files)) return void refuse(missing);
    if (!repo.large?.includes(path)) return void response.end(file(repo, path));
    const location = `${store.url}/${repos.indexOf(repo)}/${encodeURIComponent(path)}?signed`;
    response.writeHead(302, { location }).end();
  });
  return { ...hub, store };
}

function mayRead(repo: HubRepo, request: Received): boolean {
  return repo.token === undefined || request.headers.authorization === `Bearer ${repo.token}`;
}

/** A hub of a test's own, of the kind that does not tell which commit a revision names. */
export const servePlainHub = (answer: (request: Received, response: ServerResponse) => void) =>
  serve((request, response) => {
    if (request.url.includes('/revision/')) response.writeHead(404).end();
    else answer(request, response);
  });
