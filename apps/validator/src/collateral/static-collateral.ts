import { readFile } from 'node:fs/promises';
import { isSs58 } from '@horde/identity';
import type { Logger } from '@horde/operations';
import type { CheatedJob, Collateral } from './collateral.ts';

/** The deposits that are listed cannot be used; the message is a sentence. */
export class BadCollateral extends Error {}

/**
 * Deposits as an operator lists them: JSON, `{"HOTKEY": "WEI", …}`, in a file that is read again each time, or in the
 * setting itself. There is no contract behind it, so slashing is only noted.
 */
export class StaticCollateral implements Collateral {
  readonly isKept = true;
  readonly source =
    'The deposits are those that COLLATERAL lists: none are read from the chain, and slashing is only noted.';
  /** What it has warned of last. */
  private trouble = '';

  private constructor(
    private readonly list: string,
    private readonly logger: Logger,
    private deposits: Map<string, bigint>,
  ) {}

  /** @param list a file, or the JSON itself @throws BadCollateral */
  static async open(list: string, logger: Logger): Promise<StaticCollateral> {
    return new StaticCollateral(list, logger, await read(list));
  }

  async of(hotkeys: readonly string[]): Promise<Map<string, bigint>> {
    try {
      this.deposits = await read(this.list);
      this.trouble = '';
    } catch (error) {
      this.warnOf((error as Error).message);
    }
    const known = hotkeys.filter((hotkey) => this.deposits.has(hotkey));
    return new Map(known.map((hotkey) => [hotkey, this.deposits.get(hotkey)!]));
  }

  async slash({ uuid, minerHotkey }: CheatedJob, amount: bigint): Promise<string> {
    const has = (await this.of([minerHotkey])).get(minerHotkey) ?? 0n;
    if (has === 0n) return `Nothing was slashed: ${minerHotkey} has no collateral.`;
    const taken = has < amount ? has : amount;
    return `${taken} wei of ${minerHotkey} would have been slashed for job ${uuid}: its collateral is only listed here.`;
  }

  private warnOf(sentence: string): void {
    if (sentence !== this.trouble) this.logger.warn(`${sentence} What was read before is used.`);
    this.trouble = sentence;
  }
}

async function read(list: string): Promise<Map<string, bigint>> {
  const isInline = list.startsWith('{');
  const name = isInline ? 'COLLATERAL' : list;
  let text = list;
  try {
    if (!isInline) text = await readFile(list, 'utf8');
  } catch (error) {
    throw new BadCollateral(`${name} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
  return new Map(entriesOf(text, name).map(([hotkey, wei]) => [hotkey, amountOf(hotkey, wei, name)]));
}

function entriesOf(text: string, name: string): [string, unknown][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadCollateral(`${name} is not JSON.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadCollateral(`${name} is not an object of hotkeys with their wei.`);
  return Object.entries(value);
}

function amountOf(hotkey: string, wei: unknown, name: string): bigint {
  if (!isSs58(hotkey)) throw new BadCollateral(`${name}: "${hotkey}" is not an SS58 address.`);
  if (typeof wei === 'string' && /^\d{1,78}$/.test(wei)) return BigInt(wei);
  if (Number.isSafeInteger(wei) && (wei as number) >= 0) return BigInt(wei as number);
  throw new BadCollateral(
    `${name}: the wei of ${hotkey} must be a whole number, in quotation marks where it is large.`,
  );
}
