import type { Cycle } from '@horde/chain';
import type { PaidJob } from '../../apps/validator/src/scoring/paid-jobs.ts';
import { addUp } from '../../apps/validator/src/scoring/scores.ts';
import { weigh, type Weighed } from '../../apps/validator/src/weights/weigh.ts';
import type { Findings } from './findings.ts';
import type { FullValidator } from './full-validator.ts';
import type { Offers } from './offers.ts';
import type { SimulatedChain } from './simulated-chain.ts';
import { jobKey, spentKey, sumOf, type JudgedWork, type Truth } from './truth.ts';

/** What a cycle is checked with. */
export interface CycleParts {
  chain: SimulatedChain;
  offers: Offers;
  truth: Truth;
  fulls: readonly FullValidator[];
  /** The uuids of jobs that were reported as cheated. */
  reported: ReadonlySet<string>;
  /** The keys of jobs that were run, whose blocks were booked, and that nothing since has made worthless. */
  honest: ReadonlySet<string>;
  findings: Findings;
}

/** What has come of a cycle, for people and for the digest. */
export interface CycleResult {
  cycle: Cycle;
  ended: number;
  paid: PaidJob[];
  reported: number;
  weights: [string, number][];
}

/** Of a sum of shares. */
const rounding = 1e-9;

const agree = 'validators with the same receipts, blocks, manifests and reports agree to the last bit';

/** Scores a cycle at every validator that has its rooms, and checks what comes of it. */
export async function checkCycle(cycle: Cycle, parts: CycleParts): Promise<CycleResult> {
  const { fulls, truth, findings } = parts;
  const ended = truth.endedIn(cycle);
  const expected = truth.paid(ended);
  for (const full of fulls) {
    const paid = await full.paid(cycle);
    checkBlocks(ended, paid, findings);
    checkPay(expected, paid, parts);
    await checkStored(full, parts);
  }
  const weights = await checkAgreement(cycle, parts);
  const paid = await fulls[0]!.paid(cycle);
  const reported = paid.filter(({ jobUuid }) => parts.reported.has(jobUuid)).length;
  return { cycle, ended: ended.length, paid, reported, weights };
}

const keyOf = ({ jobUuid, ...job }: PaidJob): string => jobKey({ uuid: jobUuid, ...job });

/** Each paid job has blocks of its own that are worth its cost. */
function checkBlocks(ended: readonly JudgedWork[], paid: readonly PaidJob[], findings: Findings): void {
  const works = new Map(ended.map((work) => [jobKey(work), work]));
  const spent = new Set<string>();
  const ofBlocks = new Map<string, number>();
  for (const job of paid) {
    const work = works.get(keyOf(job));
    if (!work) continue;
    const { listed, cost } = work;
    const inWindow = listed.filter(({ isInWindow }) => isInWindow);
    const kept = inWindow.filter(({ isLost }) => !isLost);
    const fresh = kept.filter(({ block }) => !spent.has(spentKey(work, block)));
    const what = (why: string) => () => `Job ${work.uuid} was paid ${cost}: ${why}.`;
    const isWorth = sumOf(listed) >= cost;
    const isTimely = sumOf(inWindow) >= cost;
    const isLeft = sumOf(kept) >= cost;
    findings.check(
      'what pays for a job is worth what it costs',
      isWorth,
      what(`its blocks give ${sumOf(listed)}`),
    );
    if (!isWorth) continue;
    findings.check(
      'paid blocks are not too old or new for their job',
      isTimely,
      what(`those that are not too old or new give ${sumOf(inWindow)}`),
    );
    if (!isTimely) continue;
    findings.check(
      'a drop of the manifest takes what older blocks gave',
      isLeft,
      what(`those that were not lost give ${sumOf(kept)}`),
    );
    if (!isLeft) continue;
    findings.check(
      'no block is spent twice',
      sumOf(fresh) >= cost,
      what(`those that no other job was paid with give ${sumOf(fresh)}`),
    );
    for (const { block, worth, offered } of kept) {
      spent.add(spentKey(work, block));
      const key = `${work.minerHotkey} ${work.executorClass} ${block}`;
      const sum = (ofBlocks.get(key) ?? 0) + worth;
      ofBlocks.set(key, sum);
      findings.check(
        'nothing is over-allocated',
        sum <= offered * (1 + rounding),
        () => `${sum} was paid of block ${key}, which gave ${offered}.`,
      );
    }
  }
}

/** Those are paid that are to be, what they cost, in the right order; and nobody's honest work is unpaid. */
function checkPay(
  expected: readonly JudgedWork[],
  paid: readonly PaidJob[],
  { honest, findings }: CycleParts,
): void {
  const invariant = 'pay equals accepted work';
  const wanted = new Map(expected.map((work) => [jobKey(work), work]));
  const got = new Map(paid.map((job) => [keyOf(job), job]));
  for (const [key, job] of got) {
    const work = wanted.get(key);
    findings.check(invariant, work?.cost === job.cost, () =>
      work
        ? `Job ${key} was paid ${job.cost} and not ${work.cost}.`
        : `Job ${key} was paid ${job.cost}, and was not to be.`,
    );
  }
  for (const key of wanted.keys()) findings.check(invariant, got.has(key), () => `Job ${key} was not paid.`);
  for (const key of honest)
    findings.check(
      invariant,
      wanted.has(key),
      () => `Job ${key} was booked and done, and is not to be paid.`,
    );
}

/** Blocks and manifests are stored as they are on the chain and as miners told. */
async function checkStored(
  { stored, validator }: FullValidator,
  { chain, offers, findings }: CycleParts,
): Promise<void> {
  const rows = await stored.database.manager.query<{ number: number; hash: string; at: Date }[]>(
    'select number, hash, at from allowance_block order by number',
  );
  const wrong = rows.find(
    ({ number, hash, at }) =>
      chain.ledger.clock.at(number)?.hash !== hash || chain.timeOf(number) !== at.getTime(),
  );
  findings.check(
    agree,
    !wrong,
    () => `${validator.hotkey} has another block ${wrong!.number} than the chain.`,
  );
  const changes = await stored.database.manager.query<{ line: string }[]>(
    `select miner_hotkey || ' ' || executor_class || ' ' || block || ' ' || count || ' ' || is_drop as line from manifest_change`,
  );
  const lines = [...offers.all].flatMap(([key, its]) =>
    its.map(({ block, count, isDrop }) => `${key} ${block} ${count} ${isDrop}`),
  );
  const [told, kept] = [new Set(lines), new Set(changes.map(({ line }) => line))];
  const other = [...told].find((line) => !kept.has(line)) ?? [...kept].find((line) => !told.has(line));
  findings.check(agree, !other, () => `${validator.hotkey} has stored other manifests: ${other}.`);
}

/** Whoever's rooms they are reckoned in: the same jobs are paid, and a validator's weights are the same. */
async function checkAgreement(
  cycle: Cycle,
  { fulls, reported, findings }: CycleParts,
): Promise<[string, number][]> {
  const [first] = fulls;
  const jobs = JSON.stringify(await first!.paid(cycle));
  for (const other of fulls.slice(1))
    findings.check(
      agree,
      JSON.stringify(await other.paid(cycle)) === jobs,
      () => `The paid jobs of blocks ${cycle.start} to ${cycle.end - 1} differ.`,
    );
  let result: [string, number][] = [];
  for (const { validator } of fulls) {
    const weighed: Weighed[] = [];
    for (const rooms of fulls) {
      const inputs = await rooms.inputs(cycle, validator.keypair);
      const own = (await rooms.paid(cycle)).filter(
        ({ validatorHotkey, jobUuid }) => validatorHotkey === validator.hotkey && reported.has(jobUuid),
      );
      const left = (await rooms.paid(cycle)).filter((job) => !own.includes(job));
      findings.check(
        'a reported job earns nothing at the validator that reported it',
        text(inputs.scores) === text(addUp(left)) && inputs.cheated.length === own.length,
        () =>
          `${own.length} jobs of ${validator.hotkey} were reported, ${inputs.cheated.length} are left out of its scores.`,
      );
      weighed.push(weigh(inputs));
    }
    const [one] = weighed;
    for (const other of weighed.slice(1))
      findings.check(
        agree,
        other.digest === one!.digest &&
          text(other.weights) === text(one!.weights) &&
          text(other.reasons) === text(one!.reasons),
        () => `The weights of ${validator.hotkey} for blocks ${cycle.start} to ${cycle.end - 1} differ.`,
      );
    if (validator === first!.validator) result = [...(one!.weights ?? [])];
  }
  return result;
}

/** Numbers are written so that they can be read again to the last bit. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (part instanceof Map ? [...part] : part));
