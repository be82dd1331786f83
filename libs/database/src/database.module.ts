import { Inject, Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import { Health } from '@horde/operations';
import type { DataSource } from 'typeorm';
import { Database } from './database.ts';
import { Doorbell } from './doorbell/doorbell.ts';
import { GatheredBell } from './doorbell/gathered-bell.ts';
import { PostgresDoorbell } from './doorbell/postgres-doorbell.ts';
import { RedisDoorbell } from './doorbell/redis-doorbell.ts';
import { openDatabase, type DatabaseOptions } from './open-database.ts';
import { Outbox, OutboxRow } from './outbox.ts';
import type { SoleProcess } from './sole-process.ts';

export interface DatabaseModuleOptions extends DatabaseOptions {
  /** Rings go through this Redis; null: through Postgres itself. @default null */
  redisUrl?: string | null;
  /**
   * One process of the service works at a time, this one: transactions wait while that is in doubt, and what it stores for
   * peers concerns no other process. @default null
   */
  sole?: SoleProcess | null;
}

@Injectable()
class DatabaseHealth implements OnApplicationShutdown {
  constructor(
    @Inject(Health) health: Health,
    @Inject(Database) private readonly database: Database,
    @Inject(Doorbell) private readonly doorbell: Doorbell,
    @Inject(GatheredBell) private readonly bell: GatheredBell,
  ) {
    health.add('database', async () => void (await database.dataSource.query('select 1')));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.bell.ringNow();
    await this.doorbell.close();
    if (this.database.dataSource.isInitialized) await this.database.dataSource.destroy();
  }
}

/** A service's database, migrated, with `Database`, `Doorbell`, `GatheredBell` and `Outbox` for all of its parts. */
@Module({})
export class DatabaseModule {
  static forRoot(options: DatabaseModuleOptions): DynamicModule {
    const { service, url, redisUrl = null, sole = null } = options;
    const typeOrm = TypeOrmModule.forRootAsync({
      useFactory: () => ({ type: 'postgres', retryAttempts: 0, manualInitialization: true }),
      dataSourceFactory: () => openDatabase({ ...options, entities: [...options.entities, OutboxRow] }),
    });
    return {
      module: DatabaseModule,
      global: true,
      imports: [typeOrm],
      providers: [
        {
          provide: Database,
          useFactory: (dataSource: DataSource) => new Database(dataSource, sole),
          inject: [getDataSourceToken()],
        },
        {
          provide: Doorbell,
          useFactory: () =>
            redisUrl ? new RedisDoorbell(service, redisUrl) : new PostgresDoorbell(service, url),
        },
        {
          provide: GatheredBell,
          useFactory: (database: Database, doorbell: Doorbell) => new GatheredBell(database, doorbell),
          inject: [Database, Doorbell],
        },
        {
          provide: Outbox,
          useFactory: (database: Database, doorbell: Doorbell) =>
            new Outbox(database, sole ? null : doorbell),
          inject: [Database, Doorbell],
        },
        DatabaseHealth,
      ],
      exports: [Database, Doorbell, GatheredBell, Outbox],
    };
  }
}
