import type { INestApplication } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { ValidatorPlace } from '../../testing/running-validator.ts';

/** A chain and a database, and validators that follow the one and share the other: for each test, or for a spec file. */
export class ChainScene {
  place!: ValidatorPlace;
  pylon!: ScriptedPylon;
  private validators: INestApplication[] = [];

  constructor(per: 'test' | 'file' = 'test') {
    const [before, after] = per === 'test' ? [beforeEach, afterEach] : [beforeAll, afterAll];
    before(async () => {
      this.place = await ValidatorPlace.make();
      this.pylon = new ScriptedPylon();
      await this.pylon.start();
      this.pylon.neurons = [
        { hotkey: 'largest', port: null, stake: 500_000 },
        { hotkey: this.hotkey, port: null, stake: 300_000 },
        { hotkey: 'smallest', port: null, stake: 200_000 },
      ];
    });
    after(async () => {
      await Promise.all(this.validators.map((validator) => validator.close()));
      this.validators = [];
      await this.pylon.stop();
      await this.place.remove();
    });
  }

  /** The validators' own hotkey. */
  get hotkey(): string {
    return this.place.keypair.address;
  }

  async start(more: Record<string, string> = {}): Promise<INestApplication> {
    const validator = await this.place.start({
      PYLON_ADDRESS: this.pylon.address,
      FACILITATOR_URI: 'ws://127.0.0.1:1',
      ...more,
    });
    this.validators.push(validator);
    return validator;
  }

  query<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    return this.place.query<T>(text, values);
  }

  /** Stores blocks from the second on up to this one, of 12 s each, with the stakes of the first. */
  async store(last: number): Promise<void> {
    await this.query(
      `insert into allowance_block
       select number, '0x' || lpad(to_hex(number), 63, '0') || '0', '2026-01-01T00:00:00Z'::timestamptz + number * interval '12 s', 1,
         (select min(id) from stake_snapshot)
       from generate_series(1, $1) number`,
      [last],
    );
  }

  /** The numbers of the blocks that are stored. */
  async stored(): Promise<number[]> {
    const rows = await this.query<{ number: number }>('select number from allowance_block order by number');
    return rows.map(({ number }) => number);
  }
}
