import { userInfo } from 'node:os';
import type { Database, Doorbell, Transaction } from '@horde/database';
import { errors } from '@horde/protocol';
import { dueItem, readDocuments, type Item } from './document.ts';
import {
  beginChanges,
  forgetOldChanges,
  readChanges,
  readLastChanges,
  removeItems,
  storeItems,
  type ChangedItems,
  type ConfigChange,
  type Origin,
  type Speaker,
} from './history.ts';
import { WrongValue, type Key, type Keys, type ValueOf } from './keys.ts';
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
  /** Records what an operator changes with the other changes of operators, in the transaction that makes it. */
  record?: (tx: Transaction, change: SettingChange) => Promise<void>;
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

/** A key as it stands, in all that an operator may want to know of it. */
export interface DescribedSetting extends DynamicSetting, Omit<Key<unknown>, 'read'> {
  /** What it is where the operator says nothing of it here. */
  otherwise: Omit<DynamicSetting, 'name'>;
  changed: Pick<ConfigChange, 'at' | 'by' | 'from'> | null;
}

/** An operator has set a key, or taken back what was set. */
export interface SettingChange {
  name: string;
  /** The account of the panel; null: it was a command. */
  by: string | null;
  before: Omit<DynamicSetting, 'name'>;
  after: Omit<DynamicSetting, 'name'>;
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

  /** All keys with their words, and who has changed each of them last. */
  async describe(): Promise<DescribedSetting[]> {
    const changes = new Map(
      (await readLastChanges(this.options.database)).map((change) => [change.name, change]),
    );
    return this.all().map((setting) => {
      const { read: _read, ...words } = this.options.keys[setting.name]!;
      const { at, by, from } = changes.get(setting.name) ?? {};
      const changed = at && from ? { at, by: by ?? null, from } : null;
      return { ...words, ...setting, otherwise: this.otherwise(setting.name), changed };
    });
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
      const documents = { from: 'remote', by: null } as const;
      await removeItems(tx, documents, { but: [...items.keys(), ...refused.keys()] });
      for (const [key, its] of items) await storeItems(tx, documents, key, its);
    });
    return [...refused.values()];
  }

  /**
   * Sets a key in the operator's name; it stays so until `unset`.
   *
   * @param by the account of the panel; null: a command does it
   * @throws HordeError SETTING_UNKNOWN, SETTING_ABSENT, SETTING_VALUE_WRONG
   */
  async set(name: string, value: unknown, by: string | null = null): Promise<void> {
    const items = [{ value: readValue(name, this.known(name), value), effectiveFrom: null }];
    await this.changeOwn(by, (tx, speaker) => storeItems(tx, speaker, name, items));
  }

  /**
   * As `set`, in a transaction of the caller's, and only where the operator has said nothing of the key here; the caller
   * records it.
   *
   * @returns whether it was set
   * @throws HordeError SETTING_UNKNOWN, SETTING_ABSENT, SETTING_VALUE_WRONG
   */
  async setUnlessSaid(tx: Transaction, name: string, value: unknown): Promise<boolean> {
    const items = [{ value: readValue(name, this.known(name), value), effectiveFrom: null }];
    await beginChanges(tx);
    const said = await tx.manager.query<unknown[]>(
      `select from dynamic_config where key = $1 and source = 'operator'`,
      [name],
    );
    if (said.length > 0) return false;
    await storeItems(tx, { from: 'operator', by: account() }, name, items);
    await forgetOldChanges(tx);
    this.options.doorbell?.ring(tx, channel, '');
    return true;
  }

  /** The keys that the source says something of now; nothing is stored. @throws SourceError when it cannot be had */
  async saidBySource(): Promise<ReadonlySet<string>> {
    const { source, keys } = this.options;
    if (!source) return new Set();
    const { items, refused } = readDocuments(await source.read(Object.keys(keys)), keys);
    return new Set([...items.keys(), ...refused.keys()]);
  }

  /** Takes back what the operator has set. @param by as of `set` @throws HordeError SETTING_UNKNOWN, SETTING_ABSENT */
  async unset(name: string, by: string | null = null): Promise<void> {
    this.known(name);
    await this.changeOwn(by, (tx, speaker) => removeItems(tx, speaker, { only: name }));
  }

  /**
   * Who has changed what, newest first; the last thousand changes are kept.
   *
   * @param name of this key alone; null: of all
   * @throws HordeError SETTING_UNKNOWN, SETTING_ABSENT
   */
  async history(name: string | null, limit: number): Promise<ConfigChange[]> {
    if (name !== null) this.known(name);
    return readChanges(this.options.database, name, limit);
  }

  /** Calls `listener` when another process may have changed something. Returns a function that ends it. */
  onRing(listener: () => void): () => void {
    return this.options.doorbell?.on(channel, listener) ?? (() => undefined);
  }

  private changeOwn(
    by: string | null,
    work: (tx: Transaction, speaker: Speaker) => Promise<ChangedItems[]>,
  ): Promise<void> {
    return this.change(async (tx) => {
      for (const { name, old, new: items } of await work(tx, { from: 'operator', by: by ?? account() })) {
        const said = (its: Item[] | null) =>
          its ? { value: its[0]!.value, from: 'operator' as const } : this.otherwise(name);
        await this.options.record?.(tx, { name, by, before: said(old), after: said(items) });
      }
    });
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
    return own ? { name, value: own.value, from: 'operator' } : { name, ...this.otherwise(name) };
  }

  /** A key as it is where the operator says nothing of it here. */
  private otherwise(name: string): Omit<DynamicSetting, 'name'> {
    const initial = this.options.keys[name]!.default;
    if (this.options.pinned?.has(name)) return { value: initial, from: 'environment' };
    const said = this.options.source !== null && this.due('remote', name);
    return said ? { value: said.value, from: 'remote' } : { value: initial, from: 'default' };
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
    if (Object.hasOwn(absent, name)) throw errors.SETTING_ABSENT(name, absent[name]!);
    throw errors.SETTING_UNKNOWN(name.slice(0, 100), Object.keys(keys).join(', '));
  }
}

function readValue(name: string, key: Key<unknown>, value: unknown): unknown {
  try {
    return key.read(value);
  } catch (error) {
    throw error instanceof WrongValue ? errors.SETTING_VALUE_WRONG(name, error.message) : error;
  }
}

/** Of the machine where a command is typed. */
function account(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.()); // a number without a name, as in many containers
  }
}
