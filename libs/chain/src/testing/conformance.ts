import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChainError, commitmentLimit, type Neuron, type SigningChain } from '../chain.ts';
import { blockPromises, type BlocksUnderTest } from './blocks.ts';

/** A chain that a test may fill, and the adapter that is to be checked on it. */
export interface ChainUnderTest extends BlocksUnderTest {
  /** The adapter; it signs as `hotkeys[0]`. */
  chain: SigningChain;
  /** The same adapter, pointed at a place where no chain is. */
  unreachable: SigningChain;
  /** Four addresses, none of them registered or with a commitment yet. */
  hotkeys: [string, string, string, string];
  /** Registers a participant or changes it; resolves when the chain has it. */
  register(neuron: Omit<Neuron, 'uid' | 'lastUpdate' | 'incentive' | 'emission'>): Promise<void>;
  close(): Promise<void>;
}

/** What an adapter can do that others cannot. */
export interface Capabilities {
  announce: boolean;
  hyperparameters: boolean;
}

const addresses = [
  { ip: '198.51.100.9', port: 1234 },
  { ip: '2001:db8::9', port: 65_535 },
];
const noAddresses = [
  { ip: 'localhost', port: 1 },
  { ip: '0.0.0.0', port: 1 },
  { ip: '198.51.100.9', port: 0 },
];

/** The promises of `Chain` and `SigningChain`, checked on a real adapter with a chain behind it. */
export function chainConformance(
  name: string,
  start: () => Promise<ChainUnderTest>,
  can: Capabilities,
): void {
  describe(`the chain over ${name}`, () => {
    let underTest: ChainUnderTest;
    let chain: SigningChain;
    let hotkeys: ChainUnderTest['hotkeys'];

    const participant = (index: number, facts: Partial<Neuron> = {}) => ({
      hotkey: hotkeys[index]!,
      coldkey: hotkeys[3],
      address: { ip: '203.0.113.7', port: 8000 + index },
      totalStake: 10 * (index + 1),
      validatorPermit: false,
      ...facts,
    });

    beforeAll(async () => {
      underTest = await start();
      ({ chain, hotkeys } = underTest);
      await underTest.register(participant(0, { validatorPermit: true, totalStake: 1000.5 }));
      await underTest.register(participant(1));
      await underTest.register(participant(2, { validatorPermit: true, totalStake: 2000, address: null }));
    });
    afterAll(() => underTest?.close());

    blockPromises(() => underTest, can);

    it('a block keeps its hash', async () => {
      const { block } = await chain.neurons();
      await underTest.nextBlock();
      expect((await chain.neurons(block.number)).block).toEqual(block);
    });

    it('lists every participant as it registered, each with a number of its own', async () => {
      const { neurons } = await chain.neurons();
      expect(new Set(neurons.map(({ uid }) => uid)).size).toBe(neurons.length);
      expect(neurons.find(({ hotkey }) => hotkey === hotkeys[0])).toEqual({
        uid: expect.any(Number),
        lastUpdate: expect.any(Number),
        incentive: expect.any(Number),
        emission: expect.any(Number),
        ...participant(0, { validatorPermit: true, totalStake: 1000.5 }),
      });
      expect(neurons.map(({ hotkey }) => hotkey)).toEqual(expect.arrayContaining(hotkeys.slice(0, 3)));
    });

    it('says that a participant without an address has none', async () => {
      const { neurons } = await chain.neurons();
      expect(neurons.find(({ hotkey }) => hotkey === hotkeys[2])).toMatchObject({ address: null });
    });

    it('lists as validators those that may be, the largest stake first', async () => {
      const ours = (await chain.validators()).validators
        .map(({ hotkey }) => hotkey)
        .filter((hotkey) => hotkeys.includes(hotkey));
      expect(ours).toEqual([hotkeys[2], hotkeys[0]]);
    });

    it('what it says of an older block stays as it was', async () => {
      const before = await chain.neurons();
      const validatorsBefore = await chain.validators(before.block.number);
      await underTest.nextBlock();
      await underTest.register(
        participant(1, { address: { ip: '2001:db8::1', port: 9 }, validatorPermit: true, totalStake: 9 }),
      );
      expect(await chain.neurons(before.block.number)).toEqual(before);
      expect(await chain.validators(before.block.number)).toEqual(validatorsBefore);
      const { neurons } = await chain.neurons();
      expect(neurons.find(({ hotkey }) => hotkey === hotkeys[1])).toMatchObject({
        address: { ip: '2001:db8::1', port: 9 },
        totalStake: 9,
        validatorPermit: true,
      });
    });

    it('says of a block that is not there yet that it is not there', async () => {
      const { number } = await chain.latestBlock();
      const absent = { name: 'ChainError', kind: 'absent' };
      await expect(chain.neurons(number + 1_000_000)).rejects.toMatchObject(absent);
      await expect(chain.validators(number + 1_000_000)).rejects.toMatchObject(absent);
    });

    it('has no commitment of someone who made none', async () => {
      expect(await chain.commitment(hotkeys[1])).toBeNull();
      expect(await chain.ownCommitment()).toBeNull();
      const { block, commitments } = await chain.commitments();
      expect(hotkeys.filter((hotkey) => commitments.has(hotkey))).toEqual([]);
      expect(block.number).toBeGreaterThanOrEqual(0);
    });

    it('gives a commitment back as it was set, and the newest counts', async () => {
      await chain.setCommitment('<M:A3;S2>');
      await chain.setCommitment('a łink <M:A1>');
      expect(await chain.ownCommitment()).toBe('a łink <M:A1>');
      expect(await chain.commitment(hotkeys[0])).toBe('a łink <M:A1>');
      const { commitments } = await chain.commitments();
      expect(commitments.get(hotkeys[0])).toBe('a łink <M:A1>');
      expect(commitments.has(hotkeys[1])).toBe(false);
    });

    it('takes a commitment of as many bytes as the chain holds, and none that is longer or empty', async () => {
      await chain.setCommitment('x'.repeat(commitmentLimit));
      expect(await chain.ownCommitment()).toBe('x'.repeat(commitmentLimit));
      for (const text of ['', 'x'.repeat(commitmentLimit + 1), 'ł'.repeat(commitmentLimit / 2 + 1)]) {
        await expect(chain.setCommitment(text)).rejects.toMatchObject({
          name: 'ChainError',
          kind: 'refused',
        });
      }
    });

    it('takes weights, and refuses to take none', async () => {
      await chain.setWeights(
        new Map([
          [hotkeys[1], 0.25],
          [hotkeys[2], 3],
        ]),
      );
      await expect(chain.setWeights(new Map())).rejects.toMatchObject({
        name: 'ChainError',
        kind: 'refused',
      });
    });

    it('shows when weights were handed in last', async () => {
      const own = async () => (await chain.neurons()).neurons.find(({ hotkey }) => hotkey === hotkeys[0])!;
      await underTest.nextBlock();
      const { number } = await chain.latestBlock();
      await chain.setWeights(new Map([[hotkeys[1], 1]]));
      await expect.poll(async () => (await own()).lastUpdate).toBeGreaterThanOrEqual(number);
    });

    it('has no own certificate before one is made, and the newest afterwards, with its private key', async () => {
      expect(await chain.ownCertificate()).toBeNull();
      const older = await chain.makeCertificate();
      const { publicKey, privateKey } = await chain.makeCertificate();
      expect(publicKey).not.toEqual(older.publicKey);
      expect(await chain.ownCertificate()).toEqual(publicKey);
      const jwk = (key: Buffer) => key.toString('base64url');
      const own = { kty: 'OKP', crv: 'Ed25519', x: jwk(publicKey), d: jwk(privateKey) };
      const text = Buffer.from('text');
      const signature = sign(null, text, createPrivateKey({ key: own, format: 'jwk' }));
      expect(verify(null, text, createPublicKey({ key: own, format: 'jwk' }), signature)).toBe(true);
    });

    it('announces an address or not, as it names', () => {
      expect(chain.announce !== undefined).toBe(can.announce);
    });

    it.each(can.announce ? addresses : [])(
      'announces that it can be reached at %j, and changes nothing else',
      async (address) => {
        const own = async () => (await chain.neurons()).neurons.find(({ hotkey }) => hotkey === hotkeys[0])!;
        const before = await own();
        await chain.announce!(address);
        await chain.announce!(address);
        expect(await own()).toEqual({ ...before, address });
      },
    );

    it.each(can.announce ? noAddresses : [])('does not announce %j', async (address) => {
      await expect(chain.announce!(address)).rejects.toMatchObject({ name: 'ChainError', kind: 'refused' });
    });

    it('where no chain is, every call fails with a ChainError', async () => {
      const gone = underTest.unreachable;
      const calls = [
        gone.latestBlock(),
        gone.blockTime(1),
        gone.neurons(),
        gone.validators(),
        gone.commitment(hotkeys[0]),
        gone.commitments(),
        gone.ownCommitment(),
        gone.setCommitment('<M:>'),
        gone.setWeights(new Map([[hotkeys[1], 1]])),
        gone.ownCertificate(),
        gone.makeCertificate(),
        ...(gone.announce ? [gone.announce({ ip: '198.51.100.9', port: 1 })] : []),
        ...(gone.hyperparameters ? [gone.hyperparameters()] : []),
      ];
      for (const result of await Promise.allSettled(calls)) {
        const error = (result as PromiseRejectedResult).reason as ChainError;
        expect(error).toBeInstanceOf(ChainError);
        expect(error.kind).toBe('unreachable');
      }
    });
  });
}
