/** A service that never finishes stopping by itself. */
import 'reflect-metadata';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { IsString } from 'class-validator';
import { runService } from '../../libs/operations/src/index.ts';
import { env } from '../../libs/settings/src/index.ts';

class StubbornSettings {
  @env('STUBBORN_NAME') @IsString() name = 'stubborn';
}

@Injectable()
class Stubborn implements OnApplicationShutdown {
  private readonly work = setInterval(() => undefined, 1_000);

  onApplicationShutdown(): Promise<void> {
    this.work.ref();
    return new Promise(() => undefined);
  }
}

@Module({ providers: [Stubborn] })
class StubbornModule {}

await runService({
  name: 'stubborn',
  settings: StubbornSettings,
  module: () => StubbornModule,
  started: () => void process.stdout.write('started\n'),
});
