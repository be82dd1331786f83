import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { INestApplication } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import type { ExecutorClass } from '@horde/protocol';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { finished, started } from '@horde/testing/receipts';
import { startDevnet, type TestDevnet } from '../../apps/devnet/src/testing/start-devnet.ts';
import { ValidatorPlace } from '../../apps/validator/src/testing/running-validator.ts';
import { storeSigned } from '../../apps/validator/src/testing/signed-row.ts';

/** When block 0 was made. @unit ms since 1970 */
const genesis = Date.UTC(2026, 0, 1);
/** @unit ms */
const blockTime = 12_000;
/** So far behind the chain's newest block is what validators reckon with. @unit blocks */
const behind = 5;

/** A miner on the subnet. */
export interface Registered {
  miner: ScriptedMiner;
  hotkey: string;
  coldkey: string;
}

/**
 * Validators and miners on a devnet whose blocks come when a spec says so, with a Pylon in front of it that can be told
 * to do badly.
 */
export class DevnetSubnet {
  /** What Pylon does with weights: hands them on, refuses them, takes them and forgets, or hands them on and says nothing. */
  pylon: 'works' | 'refuses' | 'forgets' | 'hangs' = 'works';
  /** Of blocks before this one it does not tell who was registered. */
  oldest = 0;
  /** The weights that it was given. */
  readonly given: Record<string, number>[] = [];
  private clock = genesis;
  private jobs = 0;
  private readonly validators = new Set<INestApplication>();
  private readonly miners: ScriptedMiner[] = [];
  private readonly copies: ValidatorPlace[] = [];
  private devnet!: TestDevnet;
  // A validator that has ended has not waited for its answers.
  private readonly proxy = http.createServer(
    (request, response) => void this.pass(request, response).catch(() => response.destroy()),
  );

  private constructor(readonly place: ValidatorPlace) {}

  /** A subnet at this block, with a validator that has stake and permit. */
  static async at(block: number): Promise<DevnetSubnet> {
    const subnet = new DevnetSubnet(await ValidatorPlace.make());
    subnet.devnet = await startDevnet({ netuid: 12, blockTime: blockTime / 1_000, now: () => subnet.clock });
    await once(subnet.proxy.listen(0, '127.0.0.1'), 'listening');
    await subnet.devnet.call('PUT', '/devnet/identities/validator', {
      hotkey: subnet.hotkey,
      token: 'validator_token',
    });
    await subnet.own({});
    await subnet.place.query('insert into stake_snapshot (hotkeys, shares) values ($1, $2)', [
      [subnet.hotkey],
      [1],
    ]);
    await subnet.goTo(block);
    return subnet;
  }

  get hotkey(): string {
    return this.place.keypair.address;
  }

  /** The validators have taken all blocks up to there: reading thousands one by one is not what a spec waits for. */
  async goTo(block: number): Promise<void> {
    this.clock = genesis + block * blockTime;
    const now = Math.max(0, block - behind);
    const { body } = await this.devnet.call('GET', `/api/v1/subnet/12/block/${now}/validators`);
    await this.place.query(
      `insert into allowance_block
       select number, $2, $3::timestamptz + number * interval '12 s', 1, (select min(id) from stake_snapshot)
       from generate_series(0, $1) number on conflict (number) do update set hash = excluded.hash`,
      [now, (body as { block: { hash: string } }).block.hash, new Date(genesis)],
    );
  }

  /** Changes what is registered of the validator. */
  async own(facts: { stake?: number; validator_permit?: boolean }): Promise<void> {
    await this.devnet.call('PUT', `/devnet/neurons/${this.hotkey}`, {
      stake: 1_000,
      validator_permit: true,
      axon: null,
      ...facts,
    });
  }

  /** A miner that runs and is registered. */
  async miner(coldkey: string, mainHotkey: string | null = null): Promise<Registered> {
    const miner = new ScriptedMiner(Keypair.generate());
    miner.mainHotkey = mainHotkey;
    await miner.start();
    this.miners.push(miner);
    const { address: hotkey } = miner.keypair;
    await this.devnet.call('PUT', `/devnet/neurons/${hotkey}`, {
      coldkey,
      stake: 0,
      validator_permit: false,
      axon: { ip: '127.0.0.1', port: miner.port },
    });
    return { miner, hotkey, coldkey };
  }

  async deregister(hotkey: string): Promise<void> {
    await this.devnet.call('DELETE', `/devnet/neurons/${hotkey}`);
  }

  /** The place of another validator that has seen the same blocks, manifests and receipts, these in another order. */
  async copy(): Promise<ValidatorPlace> {
    const place = await ValidatorPlace.make();
    this.copies.push(place);
    for (const table of ['stake_snapshot', 'allowance_block', 'manifest_change', 'receipt']) {
      const [{ rows }] = (await this.place.query<{ rows: unknown }>(
        `select json_agg(seen order by md5(seen::text)) as rows from ${table} seen`,
      )) as [{ rows: unknown }];
      await place.query(
        `insert into ${table} overriding system value select * from json_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rows)],
      );
    }
    return place;
  }

  /** Starts a validator in this process. */
  async validator(more: Record<string, string> = {}, place = this.place): Promise<INestApplication> {
    const validator = await place.start({ ...this.settings, ...more });
    this.validators.add(validator);
    return validator;
  }

  async stop(validator: INestApplication): Promise<void> {
    this.validators.delete(validator);
    await validator.close();
  }

  get settings(): Record<string, string> {
    const { port } = this.proxy.address() as AddressInfo;
    return { PYLON_ADDRESS: `http://127.0.0.1:${port}`, FACILITATOR_URI: 'ws://127.0.0.1:1/ws/v0/' };
  }

  /** The receipts of a job that ended in a block, with allowance that pays for it. @returns its uuid */
  async job(
    validator: INestApplication,
    miner: Registered,
    block: number,
    job: { executorClass: ExecutorClass; cost: number; by?: Keypair },
  ): Promise<string> {
    const uuid = crypto.randomUUID();
    const signers = { validator: job.by ?? this.place.keypair, miner: miner.miner.keypair };
    const of = { ...signers, uuid, at: genesis + block * blockTime + 1 };
    // Shares are whatever pays for the job: which stakes give which ones is not what these specs are about.
    await this.place.query(
      'update stake_snapshot set hotkeys = hotkeys || $1::text, shares = shares || 1::float8 where not ($1 = any (hotkeys))',
      [signers.validator.address],
    );
    await this.place.query(
      'insert into manifest_change values ($1, $2, 0, 1000, false) on conflict do nothing',
      [miner.hotkey, job.executorClass],
    );
    const receipts = [
      started(of, { executor_class: job.executorClass }),
      finished(of, { score_str: `${job.cost}.000000`, block_numbers: [block - 1 - this.jobs++] }),
    ];
    await storeSigned(validator.get(Database).manager, receipts, signers);
    return uuid;
  }

  /** The weights that the chain has. */
  async weights(): Promise<Record<string, number>[]> {
    const { body } = await this.devnet.call('GET', '/devnet/state');
    return (body.weights as { weights: Record<string, number> }[]).map(({ weights }) => weights);
  }

  async events(): Promise<string[]> {
    const rows = await this.place.query<{ subtype: string }>(
      `select subtype from system_event where type like 'WEIGHT_SETTING%' order by id`,
    );
    return rows.map(({ subtype }) => subtype);
  }

  async close(): Promise<void> {
    await Promise.all([...this.validators].map((validator) => validator.close()));
    await Promise.all(this.miners.map((miner) => miner.stop()));
    this.proxy.closeAllConnections();
    this.proxy.close();
    await this.devnet.close();
    await Promise.all([this.place, ...this.copies].map((place) => place.remove()));
  }

  private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await text(request);
    const isWeights = request.method === 'PUT';
    if (isWeights) this.given.push((JSON.parse(body) as { weights: Record<string, number> }).weights);
    response.setHeader('content-type', 'application/json');
    if (isWeights && this.pylon === 'refuses')
      return void response.writeHead(502).end('{"detail":"not now"}');
    if (isWeights && this.pylon === 'forgets') return void response.end('{"detail":"scheduled","count":1}');
    const [, block] = /block\/(\d+)\/neurons$/.exec(request.url!) ?? [];
    if (Number(block) < this.oldest) return void response.writeHead(404).end('{"detail":"too old"}');
    const answer = await fetch(this.devnet.address + request.url!, {
      method: request.method!,
      headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
      body: body || null,
    });
    if (!isWeights || this.pylon !== 'hangs') response.writeHead(answer.status).end(await answer.text());
  }
}
