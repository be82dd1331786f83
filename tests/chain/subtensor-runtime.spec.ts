import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SubtensorChain } from '@horde/chain';
import { freePort } from '@horde/testing/free-port';
import { because } from '@horde/testing/missing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { blockPromises } from '../../libs/chain/src/testing/blocks.ts';

/**
 * Subtensor's own runtime: a chain's specification such as scripts/specs/raonet.json of its repository, which is run by
 * the program chopsticks of the npm package @acala-network/chopsticks.
 */
const { SUBTENSOR_CHAIN_SPEC: chainSpec, CHOPSTICKS: program } = process.env;
const missing =
  chainSpec && program && [chainSpec, program].every(existsSync)
    ? null
    : 'SUBTENSOR_CHAIN_SPEC and CHOPSTICKS do not name a chain specification and the program that runs it';

describe.skipIf(missing !== null)(`the chain over a real runtime${because(missing)}`, () => {
  let node: RunningNode;
  let chain: SubtensorChain;

  beforeAll(async () => {
    node = await RunningNode.start(chainSpec!, program!);
    chain = new SubtensorChain({ address: node.address, archive: null, netuid: 1 });
  }, 120_000);
  afterAll(() => node?.stop());

  blockPromises(() => ({ chain, nextBlock: () => node.makeBlock() }), { hyperparameters: true });

  it('has blocks of about now', async () => {
    const before = Date.now();
    await node.makeBlock();
    const { number } = await chain.latestBlock();
    // A runtime takes no block before its slot: the last one may have been made a moment ahead.
    expect((await chain.blockTime(number))! - before).toBeLessThan(600_000);
    expect((await chain.blockTime(number))!).toBeGreaterThan(Date.parse('2026-01-01'));
  });

  it('knows no subnet that is not there', async () => {
    const other = new SubtensorChain({ address: node.address, archive: null, netuid: 999 });
    await expect(other.hyperparameters()).rejects.toMatchObject({ kind: 'refused' });
  });
});

/** A node that runs a chain's runtime in a process, and makes a block when it is told to. */
class RunningNode {
  private constructor(
    readonly address: string,
    private readonly process: ReturnType<typeof spawn>,
    private readonly folder: string,
  ) {}

  static async start(genesis: string, chopsticks: string): Promise<RunningNode> {
    const folder = await mkdtemp(path.join(tmpdir(), 'subtensor-'));
    const port = await freePort();
    const settings = { genesis, port, 'build-block-mode': 'Manual', 'mock-signature-host': true };
    await writeFile(path.join(folder, 'chopsticks.yml'), JSON.stringify(settings));
    const child = spawn(process.execPath, [chopsticks, '--config', 'chopsticks.yml'], { cwd: folder });
    const address = `ws://127.0.0.1:${port}`;
    const node = new RunningNode(address, child, folder);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', () => output.includes('listening') && resolve());
      child.once('exit', () => reject(new Error(`It ended: ${output}`)));
    });
    return node;
  }

  /** Asks again where none was made: a runtime refuses one whose slot was over before it was built. */
  async makeBlock(): Promise<void> {
    const before = await this.ask('chain_getBlockHash');
    while ((await this.ask('dev_newBlock')) === before);
  }

  private async ask(method: string): Promise<string> {
    const socket = new WebSocket(this.address);
    await new Promise((resolve) => socket.once('open', resolve));
    const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] }));
    const { result } = JSON.parse(String(await answer)) as { result: string };
    socket.close();
    return result;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
