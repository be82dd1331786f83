import { signRequest, type Keypair } from '@horde/identity';
import { HordeClientError } from './client-error.ts';
import { Http } from './http.ts';
import { readJob, readPage, readText, type JobResource } from './job-resource.ts';
import { creationOf, type CreateOptions, type JobSpec } from './job-spec.ts';
import { Job } from './job.ts';

export interface HordeClientOptions {
  /** @default https://facilitator.computehorde.io/ */
  facilitatorUrl?: string;
  /** Who pays for the jobs: logs in and signs. */
  hotkey: Keypair;
  /** The hotkey of the validator that takes the jobs. */
  validatorHotkey: string;
  /** The largest answer that is read: a page of jobs has their results. @unit bytes @default 512,000,000 */
  maxAnswer?: number;
}

export interface JobPageOptions {
  /** From 1. @default 1 */
  page?: number;
  /** At most 256. @default 10 */
  pageSize?: number;
}

/** How many jobs `iterateJobs` reads at once. */
const pageSize = 10;

/**
 * Runs jobs through a ComputeHorde facilitator. Requests are tried up to five times while the facilitator is away or
 * overloaded; a creation is repeated with its first signature, which our facilitator takes for the same job.
 */
export class HordeClient {
  private readonly http: Http;
  private readonly hotkey: Keypair;
  private readonly validatorHotkey: string;
  private token: Promise<string> | null = null;

  constructor({
    facilitatorUrl = 'https://facilitator.computehorde.io/',
    hotkey,
    validatorHotkey,
    maxAnswer = 512_000_000, // a text cannot be much longer
  }: HordeClientOptions) {
    this.http = new Http(facilitatorUrl, maxAnswer);
    this.hotkey = hotkey;
    this.validatorHotkey = validatorHotkey;
  }

  /** Logs in; every other call does so by itself when it has to. @throws HordeClientError */
  async login(): Promise<void> {
    await this.newToken();
  }

  /** Creates a job; it runs from then on. @throws HordeClientError NO_VALIDATOR, REFUSED, NOT_ALLOWED, BAD_JOB_SPEC, … */
  async createJob(spec: JobSpec, options: CreateOptions & { signal?: AbortSignal } = {}): Promise<Job> {
    const { body, payload } = creationOf(spec, this.validatorHotkey, options);
    const timestamp = nanoseconds();
    const headers = {
      'x-ch-signature-type': 'bittensor',
      'x-ch-signatory': this.hotkey.address,
      'x-ch-timestamp-ns': String(timestamp),
      'x-ch-signature': signRequest(this.hotkey, timestamp, payload),
      'x-ch-signature-scope': 'SignedFields',
    };
    const { signal } = options;
    return this.job(readJob(await this.authorized('POST', 'api/v1/job-docker/', { headers, body, signal })));
  }

  /** @throws HordeClientError NOT_FOUND when this hotkey has no such job */
  async getJob(uuid: string, options: { signal?: AbortSignal } = {}): Promise<Job> {
    return this.job(readJob(await this.authorized('GET', jobPath(uuid), options)));
  }

  /** A page of this hotkey's jobs. @throws HordeClientError NOT_FOUND when there is no such page */
  async getJobs(options: JobPageOptions = {}): Promise<Job[]> {
    return (await this.page(options)).jobs;
  }

  /** All jobs of this hotkey. Where ten are too large together, they are read one by one. */
  async *iterateJobs(): AsyncGenerator<Job> {
    for (let page = 1, hasNext = true; hasNext; page++) {
      const whole = await this.page({ page, pageSize }).catch((error: unknown) => {
        if (error instanceof HordeClientError && error.code === 'TOO_LARGE') return null;
        throw error;
      });
      if (whole) yield* whole.jobs;
      hasNext = whole ? whole.hasNext : yield* this.oneByOne(page);
    }
  }

  /** The jobs of a page of `iterateJobs`. Returns whether there are more. */
  private async *oneByOne(page: number): AsyncGenerator<Job, boolean> {
    for (let at = (page - 1) * pageSize + 1; at <= page * pageSize; at++) {
      const { jobs, hasNext } = await this.page({ page: at, pageSize: 1 });
      yield* jobs;
      if (!hasNext) return false;
    }
    return true;
  }

  private async page({
    page = 1,
    pageSize = 10,
  }: JobPageOptions): Promise<{ jobs: Job[]; hasNext: boolean }> {
    const text = await this.authorized('GET', `api/v1/jobs/?page=${page}&page_size=${pageSize}`);
    const { results, next } = readPage(text);
    return { jobs: results.map((resource) => this.job(resource)), hasNext: next !== null };
  }

  private job(resource: JobResource): Job {
    return new Job(resource, async (signal) =>
      readJob(await this.authorized('GET', jobPath(resource.uuid), { signal })),
    );
  }

  /** Sends a request with the token; logs in again, once, when the token has run out. */
  private async authorized(
    method: 'GET' | 'POST',
    path: string,
    more: { headers?: Record<string, string>; body?: string; signal?: AbortSignal } = {},
  ): Promise<string> {
    const token = this.token ?? this.newToken();
    const send = async (authorization: string) =>
      this.http.send({
        method,
        path,
        ...more,
        headers: { ...more.headers, authorization: `Bearer ${authorization}` },
      });
    try {
      return await send(await token);
    } catch (error) {
      const hasRunOut =
        error instanceof HordeClientError && error.status === 401 && error.message.includes('Token expired');
      if (!hasRunOut) throw error;
      // Of several requests with the same old token one logs in for all.
      return send(await (this.token === token || !this.token ? this.newToken() : this.token));
    }
  }

  private newToken(): Promise<string> {
    const token = this.logIn();
    this.token = token;
    token.catch(() => {
      if (this.token === token) this.token = null;
    });
    return token;
  }

  private async logIn(): Promise<string> {
    const nonce = readText(await this.http.send({ method: 'GET', path: 'auth/nonce' }), 'nonce');
    // Nothing but a nonce is signed: another text could be a message of another protocol.
    if (!nonceForm.test(nonce)) throw notANonce();
    const signature = this.hotkey.signHex(nonce).slice('0x'.length);
    const body = JSON.stringify({ hotkey: this.hotkey.address, signature, nonce });
    return readText(await this.http.send({ method: 'POST', path: 'auth/login', body }), 'token');
  }
}

/** As facilitators make them: random hexadecimal digits, a time, and a seal of SHA-256 (or SHA-1) in base64url. */
const nonceForm = /^[0-9a-f]{32}:[0-9A-Za-z]{1,11}:(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{27})$/;
const notANonce = () =>
  new HordeClientError('BAD_ANSWER', 'What the facilitator wants to be signed for a login is no nonce.');

const jobPath = (uuid: string): string => `api/v1/jobs/${encodeURIComponent(uuid)}/`;

/** Unix time; the digits below milliseconds only set requests apart. */
const nanoseconds = (): bigint => BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
