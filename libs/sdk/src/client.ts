import { randomUUID } from 'node:crypto';
import type { Keypair } from '@horde/identity';
import { makeCertificate, type Certificate } from '@horde/network';
import { cheatReportOf } from './cheat-report.ts';
import { clientError } from './client-error.ts';
import { readDryRun, type DryRun } from './dry-run.ts';
import { FacilitatorJob } from './facilitator-job.ts';
import { Http, type HttpRequest } from './http.ts';
import { JobLists, type ListOptions } from './job-lists.ts';
import { readJob, readPage, type JobResource } from './job-resource.ts';
import { creationOf, type CreateOptions, type JobSpec } from './job-spec.ts';
import { Job, type SavedJob } from './job.ts';
import { runUntilComplete, type RunOptions } from './run-until-complete.ts';
import { Session } from './session.ts';
import { signatureHeaders } from './signature-headers.ts';
import { readValidators, type ListedValidator } from './validators.ts';

export interface HordeClientOptions {
  /** @default https://facilitator.computehorde.io/ */
  facilitatorUrl?: string | undefined;
  /** Who pays for the jobs: logs in and signs. */
  hotkey: Keypair;
  /** The hotkey of the validator that takes the jobs. */
  validatorHotkey: string;
  /** The largest answer that is read: a page of jobs has their results. @unit bytes @default 512,000,000 */
  maxAnswer?: number;
  /** How long the facilitator may be away while a job is waited for or followed. @unit seconds @default 300 */
  patience?: number;
}

export interface JobPageOptions {
  /** From 1. @default 1 */
  page?: number;
  /** At most 256. @default 10 */
  pageSize?: number;
  signal?: AbortSignal;
}

/** Some of a hotkey's jobs, newest first. */
export interface JobPage {
  jobs: Job[];
  /** The cursor of the next page; null: there is none. */
  next: string | null;
}

export interface ReportOptions {
  /** What is different. @default nothing */
  details?: Readonly<Record<string, unknown>>;
  signal?: AbortSignal;
}

/** Every call takes a signal, and throws its reason when it is aborted. */
interface Abortable {
  signal?: AbortSignal;
}

/**
 * Runs jobs through a ComputeHorde facilitator. Requests are tried up to five times while the facilitator is away or
 * overloaded; a creation is repeated with its first signature and key, which our facilitator takes for the same job.
 */
export class HordeClient {
  private readonly http: Http;
  private readonly session: Session;
  private readonly lists: JobLists;
  private readonly hotkey: Keypair;
  private readonly validatorHotkey: string;
  private readonly patience: number;
  private hasExtensions: boolean | undefined;

  constructor({
    facilitatorUrl = 'https://facilitator.computehorde.io/',
    hotkey,
    validatorHotkey,
    maxAnswer = 512_000_000, // a text cannot be much longer
    patience = 300,
  }: HordeClientOptions) {
    // Programs without types give their key's file or address, too.
    if (typeof (hotkey as Partial<Keypair> | undefined)?.signHex !== 'function')
      throw clientError('BAD_OPTION', { why: 'The hotkey has to be a Keypair, such as readHotkey reads.' });
    this.http = new Http(facilitatorUrl, maxAnswer);
    this.session = new Session(this.http, hotkey);
    this.lists = new JobLists(this.session);
    this.hotkey = hotkey;
    this.validatorHotkey = validatorHotkey;
    this.patience = patience * 1000;
  }

  /** Logs in; every other call does so by itself when it has to. @throws HordeClientError */
  async login({ signal }: Abortable = {}): Promise<void> {
    await this.session.logIn(signal);
  }

  /** Ends all that is under way with the error CLOSED, as all calls from then on. Jobs go on. */
  close(): void {
    this.http.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Creates a job; it runs from then on.
   *
   * @throws HordeClientError NO_VALIDATOR, REFUSED, NOT_ALLOWED, BAD_JOB_SPEC, …
   */
  async createJob(spec: JobSpec, options: CreateOptions & Abortable = {}): Promise<Job> {
    const { signal, idempotencyKey = randomUUID() } = options;
    if (!/^[\x20-\x7e]{1,255}$/.test(idempotencyKey)) {
      const why = 'An idempotency key has 1 to 255 printable characters of ASCII.';
      throw clientError('BAD_OPTION', { why });
    }
    const certificate = spec.streaming ? (options.certificate ?? (await newUserCertificate())) : undefined;
    const request = this.creation(spec, { ...options, certificate });
    const headers = { ...request.headers, 'idempotency-key': idempotencyKey };
    // 409: the first attempt of the same creation is still at work.
    const created = readJob(await this.session.send({ ...request, headers, againAfter: 409, signal }));
    return this.job(created, certificate);
  }

  /**
   * Whether a job could run now, and if not, why. Nothing is created or reserved.
   *
   * @throws HordeClientError NOT_SUPPORTED from a facilitator that would create the job instead, and as `createJob`
   */
  async dryRun(spec: JobSpec, options: CreateOptions & Abortable = {}): Promise<DryRun> {
    const { signal } = options;
    const certificate = spec.streaming ? (options.certificate ?? (await newUserCertificate())) : undefined;
    const request = this.creation(spec, { ...options, certificate });
    if (!(await this.speaksExtensions(signal)))
      throw clientError('NOT_SUPPORTED', { why: 'it has no dry runs.' });
    return readDryRun(await this.session.send({ ...request, path: `${request.path}?dry_run=true`, signal }));
  }

  /**
   * Runs a job until it has completed, or has failed as often as it may be tried.
   *
   * @returns the completed job, or the one that failed last
   * @throws HordeClientError WAIT_TIMEOUT, and as `createJob` and `wait`; the signal's reason
   */
  runUntilComplete(spec: JobSpec, options: RunOptions = {}): Promise<Job> {
    return runUntilComplete((each) => this.createJob(spec, each), options);
  }

  /**
   * Reports that a miner's result is wrong, as the same job on the trusted miner shows (`onTrustedMiner`). The validator
   * puts the miner on its blacklist.
   *
   * @param details what is different, for people
   * @throws HordeClientError NOT_FOUND for jobs that are not this hotkey's, or not on such miners; REFUSED for a second report
   */
  async reportCheatedJob(
    jobUuid: string,
    trustedJobUuid: string,
    options: ReportOptions = {},
  ): Promise<void> {
    const { details = {}, signal } = options;
    const report = { job_uuid: jobUuid, trusted_job_uuid: trustedJobUuid, details };
    const { body, payload } = cheatReportOf(report, await this.speaksExtensions(signal));
    const headers = signatureHeaders(this.hotkey, payload, 'FullRequest');
    await this.session.send({ method: 'POST', path: 'api/v1/cheated-job/', headers, body, signal });
  }

  /** @throws HordeClientError NOT_FOUND when this hotkey has no such job */
  async getJob(uuid: string, { signal }: Abortable = {}): Promise<Job> {
    return this.job(await this.source(uuid).read(signal));
  }

  /** The job of before a restart of the program: it can be waited for, followed and, if it streams, reached. @throws as `getJob` */
  async resume({ uuid, certificate }: SavedJob, { signal }: Abortable = {}): Promise<Job> {
    return this.job(await this.source(uuid).read(signal), certificate ?? undefined);
  }

  /** A page of this hotkey's jobs, by its number. @throws HordeClientError NOT_FOUND when there is no such page */
  async getJobs({ page = 1, pageSize = 10, signal }: JobPageOptions = {}): Promise<Job[]> {
    const path = `api/v1/jobs/?page=${page}&page_size=${pageSize}`;
    const { results } = readPage(await this.session.send({ method: 'GET', path, signal }));
    return results.map((resource) => this.job(resource));
  }

  /** A page of those of this hotkey's jobs that pass the filters, newest first. */
  async listJobs(options: ListOptions = {}): Promise<JobPage> {
    const { resources, next } = await this.lists.page(options);
    return { jobs: resources.map((resource) => this.job(resource)), next };
  }

  /**
   * All of this hotkey's jobs that pass the filters. Where those of a page are too large together, they are read one by
   * one.
   */
  async *iterateJobs(options: ListOptions = {}): AsyncGenerator<Job, void, undefined> {
    for await (const resource of this.lists.all(options)) yield this.job(resource);
  }

  /**
   * The validators that the facilitator passes jobs to, those that are connected first.
   *
   * @throws HordeClientError NOT_SUPPORTED from ComputeHorde's facilitator, which does not tell
   */
  async getValidators({ signal }: Abortable = {}): Promise<ListedValidator[]> {
    return readValidators(this.session, signal);
  }

  /** Whether the facilitator is one of ours: those know cursors. ComputeHorde's does not look at what it does not know. */
  private async speaksExtensions(signal?: AbortSignal): Promise<boolean> {
    this.hasExtensions ??= await this.lists.haveCursors(signal);
    return this.hasExtensions;
  }

  private creation(spec: JobSpec, options: CreateOptions): HttpRequest {
    const { body, payload } = creationOf(spec, this.validatorHotkey, options);
    const headers = signatureHeaders(this.hotkey, payload, 'SignedFields');
    return { method: 'POST', path: 'api/v1/job-docker/', headers, body };
  }

  private job(resource: JobResource, certificate?: Certificate): Job {
    return new Job(resource, this.source(resource.uuid), certificate);
  }

  private source(uuid: string): FacilitatorJob {
    return new FacilitatorJob(this.session, uuid, this.patience);
  }
}

/** Of the user of a streaming job, as ComputeHorde's client makes one. */
const newUserCertificate = () => makeCertificate(['127.0.0.1']);
