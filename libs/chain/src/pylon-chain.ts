import { AnswerError } from './answer-error.ts';
import {
  ChainError,
  commitmentLimit,
  type Block,
  type CertificateKeys,
  type Neuron,
  type SigningChain,
} from './chain.ts';
import {
  readBlock,
  readBlockTime,
  readCertificate,
  readCertificateKeys,
  readCommitment,
  readCommitments,
  readIdentityNetuid,
  readNetuid,
  readNeurons,
  readValidators,
} from './pylon-answers.ts';
import { PylonHttp, type PylonAnswer, type PylonRequest } from './pylon-http.ts';

/** @unit ms */
const readLimit = 10_000;
/** A commitment or certificate is answered when it stands in a block, after Pylon's own retries. @unit ms */
const commitLimit = 60_000;
/** A Pylon that does not tell something is asked for it again after so long: it may be a newer one by then. @unit ms */
const silence = 600_000;

export interface PylonOptions {
  /** `http://pylon:8000` */
  address: string;
  netuid: number;
  /** Whose key Pylon signs with; without it the chain can only be read. */
  identity?: { name: string; token: string } | null;
  openAccessToken?: string;
}

/**
 * The chain over the HTTP API of a Pylon: of the one that ComputeHorde pins (0.3: login, no headers looked at) and of
 * newer ones (a Bearer token in every request).
 *
 * A call that is not answered is made three times; an error answer is final, but for 401 and 403, after which an
 * identity logs in again, once.
 */
export class PylonChain implements SigningChain {
  protected readonly http: PylonHttp;
  private login: Promise<void> | null = null;
  /** Older Pylons do not say what the newest block is; then it is learnt from the validators. As `performance.now()`. */
  private noBlockUntil = 0;
  /** Older Pylons, and newer ones without a token for what is of no subnet, do not show what is in a block. */
  private noTimesUntil = 0;

  /** @throws ChainError when the address cannot be one */
  constructor(protected readonly options: PylonOptions) {
    this.http = new PylonHttp(options.address, [options.identity?.token, options.openAccessToken]);
  }

  async latestBlock(): Promise<Block> {
    if (performance.now() >= this.noBlockUntil) {
      const block = await this.ofNoSubnet('/block/latest', readBlock);
      if (block) return block;
      this.noBlockUntil = performance.now() + silence;
    }
    return this.latestBlockOtherwise();
  }

  /** The newest block where Pylon is too old to tell it: that of its validators, for which it reads all neurons. */
  protected async latestBlockOtherwise(): Promise<Block> {
    return (await this.validators()).block;
  }

  /**
   * From the extrinsic that every block begins with: the time that Pylon gives the newest block by itself is cut to
   * whole seconds.
   */
  async blockTime(block: number): Promise<number | null> {
    if (performance.now() < this.noTimesUntil) return null;
    const path = `/block/${block}/extrinsic/0`;
    const told = await this.ofNoSubnet(path, readBlockTime);
    if (told !== null) return told;
    // Is it the block that is not there? It may also have come into being in between.
    await this.validators(block);
    const toldNow = await this.ofNoSubnet(path, readBlockTime);
    if (toldNow === null) this.noTimesUntil = performance.now() + silence;
    return toldNow;
  }

  async neurons(block?: number): Promise<{ block: Block; neurons: Neuron[] }> {
    return this.get(`/block/${block ?? 'latest'}/neurons`, readNeurons);
  }

  async validators(block?: number): Promise<{ block: Block; validators: Neuron[] }> {
    return this.get(`/block/${block ?? 'latest'}/validators`, readValidators);
  }

  async commitment(hotkey: string): Promise<string | null> {
    const bytes = await this.committed(encodeURIComponent(hotkey));
    return bytes && bytes.toString('utf8');
  }

  async commitments(): Promise<{ block: Block; commitments: Map<string, string> }> {
    return this.get('/block/latest/commitments', readCommitments);
  }

  async ownCommitment(): Promise<string | null> {
    this.needIdentity('read its own commitment');
    const bytes = await this.committed('self');
    if (!bytes) return null;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new ChainError(
        'unreadable',
        `The own commitment, as Pylon at ${this.http.shown} has it, is not UTF-8 text.`,
      );
    }
  }

  async setCommitment(text: string): Promise<void> {
    const identity = this.needIdentity('commit');
    const bytes = Buffer.from(text, 'utf8');
    if (bytes.length === 0 || bytes.length > commitmentLimit) {
      throw new ChainError(
        'refused',
        `A commitment has 1 to ${commitmentLimit} bytes, this one has ${bytes.length}.`,
      );
    }
    const body = { commitment: `0x${bytes.toString('hex')}` };
    await this.scoped('POST', '/commitments', { token: identity.token, body, timeout: commitLimit });
  }

  async setWeights(weights: ReadonlyMap<string, number>): Promise<void> {
    const identity = this.needIdentity('set weights');
    await this.scoped('PUT', '/weights', {
      token: identity.token,
      body: { weights: Object.fromEntries(weights) },
    });
  }

  async ownCertificate(): Promise<Buffer | null> {
    this.needIdentity('read its own certificate');
    const { request, answer } = await this.answer('GET', '/block/latest/certificates/self', {});
    if (answer.status === 404) return null;
    return this.read(request, this.accepted(request, answer), readCertificate);
  }

  async makeCertificate(): Promise<CertificateKeys> {
    const { token } = this.needIdentity('make a certificate');
    const more = { token, body: { algorithm: 1 }, timeout: commitLimit };
    const { request, answer } = await this.scoped('POST', '/certificates/self', more);
    return this.read(request, answer, readCertificateKeys);
  }

  private get token(): string | undefined {
    return this.options.identity?.token ?? this.options.openAccessToken;
  }

  protected needIdentity(what: string): { name: string; token: string } {
    if (this.options.identity) return this.options.identity;
    throw new ChainError(
      'refused',
      `Pylon at ${this.http.shown} was given no identity, so nobody can ${what}.`,
    );
  }

  /** The bytes of a commitment; null when there is none. */
  private async committed(whose: string): Promise<Buffer | null> {
    const { request, answer } = await this.answer('GET', `/block/latest/commitments/${whose}`, {});
    if (answer.status === 404) return null;
    return this.read(request, this.accepted(request, answer), readCommitment);
  }

  /** A call above the subnets; null when Pylon does not know it, or not for our token. */
  private async ofNoSubnet<T>(path: string, reader: (body: unknown) => T): Promise<T | null> {
    const token = this.options.openAccessToken ?? this.token;
    const request = this.request('GET', `/api/v1${path}`, { token });
    const answer = await this.http.ask(request);
    if ([401, 403, 404].includes(answer.status)) return null;
    return this.read(request, this.accepted(request, answer), reader);
  }

  private async get<T>(path: string, reader: (body: unknown) => T): Promise<T> {
    const { request, answer } = await this.scoped('GET', path, {});
    return this.read(request, answer, reader);
  }

  /** A call below the identity's or the open scope of the subnet that must be answered with yes. */
  private async scoped(method: PylonRequest['method'], path: string, more: Partial<PylonRequest>) {
    const { request, answer } = await this.answer(method, path, more);
    return { request, answer: this.accepted(request, answer) };
  }

  private async answer(method: PylonRequest['method'], path: string, more: Partial<PylonRequest>) {
    const { identity, netuid } = this.options;
    const scope = identity ? `/identity/${encodeURIComponent(identity.name)}` : '';
    const request = this.request(method, `/api/v1${scope}/subnet/${netuid}${path}`, more);
    await this.loggedIn();
    const login = this.login;
    let answer = await this.http.ask(request);
    if (identity && (answer.status === 401 || answer.status === 403)) {
      if (this.login === login) this.login = null;
      await this.loggedIn();
      answer = await this.http.ask(request);
    }
    return { request, answer };
  }

  protected request(method: PylonRequest['method'], path: string, more: Partial<PylonRequest>): PylonRequest {
    return { method, path, token: this.token, timeout: readLimit, ...more };
  }

  private loggedIn(): Promise<void> {
    if (!this.options.identity) return Promise.resolve();
    this.login ??= this.logIn(this.options.identity).catch((error: unknown) => {
      this.login = null;
      throw error;
    });
    return this.login;
  }

  private async logIn({ name, token }: { name: string; token: string }): Promise<void> {
    const path = `/api/v1/login/identity/${encodeURIComponent(name)}`;
    const request = this.request('POST', path, { token, body: { token } });
    const answer = await this.http.ask(request);
    const netuid =
      answer.status === 404 || answer.status === 405
        ? await this.listedNetuid(name)
        : this.read(request, this.accepted(request, answer), readNetuid);
    if (netuid === null)
      throw new ChainError('refused', `Pylon at ${this.http.shown} knows no identity named ${name}.`);
    if (netuid !== this.options.netuid) {
      throw new ChainError(
        'refused',
        `The identity ${name} of Pylon at ${this.http.shown} is of subnet ${netuid}, not ${this.options.netuid}.`,
      );
    }
  }

  /** Newer Pylons have no login; they list their identities instead. */
  private async listedNetuid(name: string): Promise<number | null> {
    const request = this.request('GET', '/api/v1/identities', { token: null });
    const answer = await this.http.ask(request);
    if (answer.status === 404) return null;
    return this.read(request, this.accepted(request, answer), (body) => readIdentityNetuid(body, name));
  }

  protected accepted(request: PylonRequest, answer: PylonAnswer): PylonAnswer {
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw this.http.refused(request, answer);
  }

  protected read<T>(request: PylonRequest, answer: PylonAnswer, reader: (body: unknown) => T): T {
    try {
      return reader(answer.body);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      const call = `${request.method} ${request.path}`;
      throw new ChainError(
        'unreadable',
        `Pylon at ${this.http.shown} answered ${call} with something else: ${error.message}.`,
      );
    }
  }
}
