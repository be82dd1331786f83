import { Inject, Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Queues } from './queue.ts';
import type { QueueSettings } from './store.ts';

@Injectable()
class QueueShutdown implements OnApplicationShutdown {
  constructor(@Inject(Queues) private readonly queues: Queues) {}

  async onApplicationShutdown(): Promise<void> {
    await this.queues.close();
  }
}

/** `Queues` for all parts of a service. */
@Module({})
export class QueueModule {
  static forRoot(settings: QueueSettings): DynamicModule {
    return {
      module: QueueModule,
      global: true,
      providers: [{ provide: Queues, useFactory: () => new Queues(settings) }, QueueShutdown],
      exports: [Queues],
    };
  }
}
