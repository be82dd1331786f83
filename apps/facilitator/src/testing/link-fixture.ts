import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { ValidatorSync } from '../validators/validator-sync.ts';
import type { FacilitatorSettings } from '../settings.ts';
import { startFacilitator, type RunningFacilitator } from './running-facilitator.ts';
import {
  ask,
  fullRequestHeaders,
  jobBody,
  postJson,
  signatureHeaders,
  tokenOf,
  type Answer,
} from './user.ts';

export const success = { status: 'success', errors: [] };
export const failed = (type: string, msg: string) => ({
  status: 'error',
  errors: [{ type, msg, help: expect.any(String) as string }],
});

/** A facilitator for the specs of a file, and an active validator that each of them has for itself. */
export class LinkFixture {
  key!: Keypair;
  private facilitator!: RunningFacilitator;
  private token!: string;

  /** Call once, at the top of a spec file. */
  constructor() {
    beforeAll(async () => {
      this.facilitator = await startFacilitator([Keypair.generate().address]);
      this.token = await tokenOf(this.url, this.facilitator.user);
    });
    beforeEach(async () => {
      this.key = Keypair.generate();
      await this.register(this.key);
    });
    afterAll(() => this.facilitator.stop());
  }

  /** What the facilitator has logged. */
  get log(): Record<string, unknown>[] {
    return this.facilitator.log;
  }

  get url(): string {
    return this.facilitator.url;
  }

  /** Another replica of the same facilitator. */
  replica(settings: Partial<FacilitatorSettings> = {}): Promise<RunningFacilitator> {
    const { url } = this.facilitator.database.dataSource.options as { url: string };
    return startFacilitator([], { databaseUrl: url, ...settings });
  }

  /** The chain names a further validator from now on. */
  async register({ address }: Keypair): Promise<void> {
    this.facilitator.chain.hotkeys.push(address);
    await this.facilitator.app.get(ValidatorSync).sync();
  }

  /** The chain no longer names the validator that was registered last. */
  async deregister(): Promise<void> {
    this.facilitator.chain.hotkeys.pop();
    await this.facilitator.app.get(ValidatorSync).sync();
  }

  /** Creates a job for the spec's validator. @param url of a replica */
  create(more: object = {}, url = this.url): Promise<Answer> {
    const text = JSON.stringify(jobBody(this.key.address, more));
    const headers = {
      authorization: `Bearer ${this.token}`,
      ...signatureHeaders(this.facilitator.user, text),
    };
    return postJson(`${url}/api/v1/job-docker/`, text, headers);
  }

  /** Reports a job as cheated, signed by the user. @param headers of the signature @param hotkey who asks; it may log in */
  async report(
    body: object | string,
    headers = fullRequestHeaders(this.facilitator.user, JSON.stringify(body)),
    hotkey = this.facilitator.user.address,
  ): Promise<Answer> {
    const authorization = `Bearer ${await this.facilitator.allow(hotkey)}`;
    return postJson(`${this.url}/api/v1/cheated-job/`, body, { authorization, ...headers });
  }

  get user(): Keypair {
    return this.facilitator.user;
  }

  /** Asks whether a job could run. @param url of a replica */
  dryRun(more: object = {}, url = this.url): Promise<Answer> {
    const text = JSON.stringify(jobBody(this.key.address, more));
    const headers = {
      authorization: `Bearer ${this.token}`,
      ...signatureHeaders(this.facilitator.user, text),
    };
    return postJson(`${url}/api/v1/job-docker/?dry_run=true`, text, headers);
  }

  /** @param hotkey who asks; it may log in */
  async describe(uuid: string, hotkey = this.facilitator.user.address): Promise<Answer> {
    const headers = { authorization: `Bearer ${await this.facilitator.allow(hotkey)}` };
    return ask(`${this.url}/api/v1/jobs/${uuid}/describe/`, { headers });
  }

  /** @param hotkey who asks; it may log in */
  async cancel(uuid: string, hotkey = this.facilitator.user.address): Promise<Answer> {
    const headers = { authorization: `Bearer ${await this.facilitator.allow(hotkey)}` };
    return postJson(`${this.url}/api/v1/jobs/${uuid}/cancel/`, '', headers);
  }

  /** The job as its user sees it. */
  async read(uuid: string): Promise<Answer['json']> {
    const headers = { authorization: `Bearer ${this.token}` };
    return (await ask(`${this.url}/api/v1/jobs/${uuid}/`, { headers })).json;
  }

  async statuses(uuid: string): Promise<string[]> {
    const { status_history: history } = (await this.read(uuid)) as { status_history: { status: string }[] };
    return history.map(({ status }) => status);
  }

  get<T>(part: new (...parameters: never[]) => T): T {
    return this.facilitator.app.get(part);
  }

  /** Runs SQL; $1 is the validator's hotkey. */
  query(sql: string): Promise<unknown[]> {
    return this.facilitator.database.manager.query(sql, [this.key.address]);
  }

  /** Resolves when the facilitator has noticed that this many of a validator's connections are left. */
  async channels(count: number, hotkey = this.key.address): Promise<void> {
    const left = () =>
      this.facilitator.database.manager.query<unknown[]>('select from channel where validator_hotkey = $1', [
        hotkey,
      ]);
    while ((await left()).length !== count) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
