import type { Database, Doorbell, Transaction } from '@horde/database';
import { dueItem, readDocuments, type Item } from './document.ts';
import {
  beginChanges,
  forgetOldChanges,
  readChanges,
  removeItems,
  storeItems,
  type ConfigChange,
  type Origin,
} from './history.ts';
import { WrongValue, type Keys, type ValueOf } from './keys.ts';
import type { ConfigSource } from './source.ts';

export interface DynamicConfigOptions<K extends Keys> {
  keys: K;
  /** Keys that others have for the same documents and commands, and what is here instead: the rest of a sentence. */
  absent?: Readonly<Record<string, string>>;
  /** With the tables of `createDynamicConfigTable` and `createDynamicConfigChangeTable`. */
  database: Database;
  /** Through which processes learn that another one has changed something; none: they see it at their next sweep. */
  doorbell?: Doorbell;
  /** What says values beside the operator; null: nothing does. */
  source: ConfigSource | null;
  /** Keys whose default the operator has chosen, in the environment: no document changes them. */
  pinned?: ReadonlySet<string>;
  /** @unit ms since 1970 */
  now?: () => number;
}

/** Of the doorbell. */
const channel = 'dynamic-config';

/** A key as it stands. */
export interface DynamicSetting {
  name: string;
  value: unknown;
  /** `environment`: the default, which the operator has chosen there. */
  from: Origin | 'environment' | 'default';
}

/**
 * Settings that change while a service runs. What counts is, in this order: what the operator has set here, what the
 * operator's environment says, what the documents say, the default. All that was ever read is in Postgres, so that the
 * last good values outlast a source that is away; a time in `effective_from` is kept even then.
 */
export class DynamicConfig<K extends Keys> {
  private stored: Record<Origin, Map<string, Item[]>> = { operator: new Map(), remote: new Map() };
  private readonly now: () => number;

  constructor(private readonly options: DynamicConfigOptions<K>) {
    this.now = options.now ?? Date.now;
  }

  /** The value of a key as of now. */
  get<N extends keyof K & string>(name: N): ValueOf<K[N]> {
    return this.look(name).value as ValueOf<K[N]>;
  }

  /** All keys, and where each value is from. */
  all(): DynamicSetting[] {
    return Object.keys(this.options.keys).map((name) => this.look(name));
  }

  /** Reads again what is stored; another process may have changed it. */
  async load(): Promise<void> {
    const rows = await this.options.database.manager.query<{ key: string; source: Origin; items: Item[] }[]>(
      'select key, source, items from dynamic_config',
    );
    const stored = { operator: new Map<string, Item[]>(), remote: new Map<string, Item[]>() };
    for (const { key, source, items } of rows) {
      // Another version may have stored what this one does not take.
      if (Object.hasOwn(stored, source))
        stored[source].set(
          key,
          items.filter(({ value }) => this.takes(key, value)),
        );
    }
    this.stored = stored;
  }

  /**
   * Asks the source, and stores what it says. A key with a value that cannot be used keeps what it had.
   * @returns a sentence for each such key
   * @throws SourceError when it cannot be had; then nothing changes
   */
  async fetch(): Promise<string[]> {
    const { source, keys } = this.options;
    if (!source) return [];
    const { items, refused } = readDocuments(await source.read(Object.keys(keys)), keys);
    await this.change(async (tx) => {
      await removeItems(tx, 'remote', { but: [...items.keys(), ...refused.keys()] });
      for (const [key, its] of items) await storeItems(tx, 'remote', key, its);
    });
    return [...refused.values()];
  }

  /** Sets a key in the operator's name; it stays so until `unset`. @throws WrongValue with a sentence */
  async set(name: string, value: unknown): Promise<void> {
    const key = this.known(name);
    try {
      const items: Item[] = [{ value: key.read(value), effectiveFrom: null }];
      await this.change((tx) => storeItems(tx, 'operator', name, items));
    } catch (error) {
      throw error instanceof WrongValue ? new WrongValue(`${name} ${error.message}.`) : error;
    }
  }

  /** Takes back what the operator has set. @throws WrongValue when there is no such key */
  async unset(name: string): Promise<void> {
    this.known(name);
    await this.change((tx) => removeItems(tx, 'operator', { only: name }));
  }

  /**
   * Who has changed what, newest first; the last thousand changes are kept.
   *
   * @param name of this key alone; null: of all
   * @throws WrongValue when there is no such key
   */
  async history(name: string | null, limit: number): Promise<ConfigChange[]> {
    if (name !== null) this.known(name);
    return readChanges(this.options.database, name, limit);
  }

  /** Calls `listener` when another process may have changed something. Returns a function that ends it. */
  onRing(listener: () => void): () => void {
    return this.options.doorbell?.on(channel, listener) ?? (() => undefined);
  }

  private async change(work: (tx: Transaction) => Promise<unknown>): Promise<void> {
    const { database, doorbell } = this.options;
    await database.transaction(async (tx) => {
      await beginChanges(tx);
      await work(tx);
      await forgetOldChanges(tx);
      doorbell?.ring(tx, channel, '');
    });
    await this.load();
  }

  private look(name: string): DynamicSetting {
    const own = this.due('operator', name);
    if (own) return { name, value: own.value, from: 'operator' };
    const initial = this.options.keys[name]!.default;
    if (this.options.pinned?.has(name)) return { name, value: initial, from: 'environment' };
    const said = this.options.source !== null && this.due('remote', name);
    return said ? { name, value: said.value, from: 'remote' } : { name, value: initial, from: 'default' };
  }

  private due(source: Origin, name: string): Item | undefined {
    return dueItem(this.stored[source].get(name) ?? [], this.now());
  }

  private takes(name: string, value: unknown): boolean {
    if (!Object.hasOwn(this.options.keys, name)) return false;
    try {
      this.options.keys[name]!.read(value);
      return true;
    } catch {
      return false;
    }
  }

  private known(name: string): K[string] {
    const { keys, absent = {} } = this.options;
    if (Object.hasOwn(keys, name)) return keys[name] as K[string];
    if (Object.hasOwn(absent, name)) throw new WrongValue(`There is no key ${name}: ${absent[name]}.`);
    throw new WrongValue(`There is no key ${name}; there are ${Object.keys(keys).join(', ')}.`);
  }
}
