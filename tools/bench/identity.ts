/** Verifying sr25519 signatures: our interface beside the libraries it could stand on, and one thread beside two. */
import { sr25519_verify } from '@polkadot-labs/schnorrkel-wasm';
import { verify as scureVerify } from '@scure/sr25519';
import { Keypair, verify, VerifierPool } from '@horde/identity';
import type { Figure } from './figure.ts';

const ROUNDS = 31;
const THREAD_ROUNDS = 9;
const MESSAGE_BYTES = 400;

interface Signed {
  data: Uint8Array;
  signature: Uint8Array;
  hotkey: string;
  publicKey: Uint8Array;
}

/** 200 messages of 400 bytes under 20 keys. */
function signedMessages(): Signed[] {
  const keypairs = Array.from({ length: 20 }, () => Keypair.generate());
  return Array.from({ length: 200 }, (_, i) => {
    const keypair = keypairs[i % keypairs.length]!;
    const data = Buffer.alloc(MESSAGE_BYTES, `message ${i} `);
    return { data, signature: keypair.sign(data), hotkey: keypair.address, publicKey: keypair.publicKey };
  });
}

export async function figures(): Promise<Figure[]> {
  return [...verifyFigures(), ...(await threadFigures())];
}

/** Our `verify` and the raw call of each library, in turns, so that a busy machine is busy for all of them. */
function verifyFigures(): Figure[] {
  const signed = signedMessages();
  const ours = (item: Signed): boolean => verify(item.data, item.signature, item.hotkey);
  const wasm = (item: Signed): boolean => sr25519_verify(item.publicKey, item.data, item.signature);
  const scure = (item: Signed): boolean => scureVerify(item.data, item.signature, item.publicKey);

  const rounds = Array.from({ length: ROUNDS }, () => ({
    ours: perSecond(signed, ours),
    wasm: perSecond(signed, wasm),
    scure: perSecond(signed.slice(0, 20), scure),
  })).slice(1); // the first one warms up
  const shares = rounds.map((round) => round.ours / Math.max(round.wasm, round.scure));
  return [
    rival('verify sr25519, our interface', median(rounds.map((round) => round.ours))),
    rival('verify sr25519, @polkadot-labs/schnorrkel-wasm', median(rounds.map((round) => round.wasm))),
    rival('verify sr25519, @scure/sr25519', median(rounds.map((round) => round.scure))),
    {
      name: 'verify sr25519, ours beside the fastest',
      value: median(shares),
      unit: 'times',
      bar: 0.95,
      atLeast: true,
      note: `messages of ${MESSAGE_BYTES} bytes, median of ${shares.length} rounds`,
    },
  ];
}

/** The verifier's pool with one thread and with two, in turns; the best rounds count, those least disturbed by others. */
async function threadFigures(): Promise<Figure[]> {
  const signed = signedMessages();
  const items = Array.from({ length: 10 }, () => signed).flat();
  const one = new VerifierPool({ size: 1 });
  const two = new VerifierPool({ size: 2 });
  try {
    const rounds: { one: number; two: number }[] = [];
    for (let i = 0; i < THREAD_ROUNDS; i++)
      rounds.push({ one: await pooled(one, items), two: await pooled(two, items) });
    rounds.shift();
    const [bestOne, bestTwo] = [
      Math.max(...rounds.map((round) => round.one)),
      Math.max(...rounds.map((round) => round.two)),
    ];
    return [
      rival('verify sr25519 in bulk, one thread', bestOne),
      rival('verify sr25519 in bulk, two threads', bestTwo),
      {
        name: 'verify sr25519 in bulk, two threads beside one',
        value: bestTwo / bestOne,
        unit: 'times',
        bar: 1.6,
        atLeast: true,
        note: `batches of ${items.length}, best of ${rounds.length} rounds each`,
      },
    ];
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
}

async function pooled(pool: VerifierPool, items: Signed[]): Promise<number> {
  const started = performance.now();
  const answers = await pool.verifyAll(items);
  const seconds = (performance.now() - started) / 1000;
  if (answers.includes(false)) throw new Error('A good signature was refused.');
  return items.length / seconds;
}

function perSecond(items: Signed[], verifyOne: (item: Signed) => boolean): number {
  const started = performance.now();
  for (const item of items) if (!verifyOne(item)) throw new Error('A good signature was refused.');
  return items.length / ((performance.now() - started) / 1000);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function rival(name: string, value: number): Figure {
  return { name, value, unit: '1/s', bar: null, atLeast: true };
}
