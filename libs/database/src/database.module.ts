import { Inject, Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import { Health } from '@horde/operations';
import type { DataSource } from 'typeorm';
import { Database } from './database.ts';
import { openDatabase, type DatabaseOptions } from './open-database.ts';
import { Outbox, OutboxRow } from './outbox.ts';

@Injectable()
class DatabaseHealth implements OnApplicationShutdown {
  constructor(
    @Inject(Health) health: Health,
    @Inject(Database) private readonly database: Database,
  ) {
    health.add('database', async () => void (await database.dataSource.query('select 1')));
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.database.dataSource.isInitialized) await this.database.dataSource.destroy();
  }
}

/** A service's database, migrated, with `Database` and `Outbox` for all of its parts. */
@Module({})
export class DatabaseModule {
  static forRoot(options: DatabaseOptions): DynamicModule {
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
          useFactory: (dataSource: DataSource) => new Database(dataSource),
          inject: [getDataSourceToken()],
        },
        { provide: Outbox, useFactory: (database: Database) => new Outbox(database), inject: [Database] },
        DatabaseHealth,
      ],
      exports: [Database, Outbox],
    };
  }
}
