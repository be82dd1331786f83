import { env, envFlag, envNumber } from '@horde/settings';
import { IsBoolean, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

/** What an update that is taken back may need besides, to switch there and back. @unit seconds */
const wayBack = 120;

/** What the runner itself reads of `.env`, anew at each look for a release. */
export class RunnerSettings {
  /** Which releases it follows. Without it `preprod` where MINER_IMAGE_TAG is `v0-preprod`, else `stable`. */
  @env('CHANNEL') @IsOptional() @Matches(/^[a-z][a-z0-9-]{0,30}$/) channelSetting?: string;
  /** The old name of the channel. */
  @env('MINER_IMAGE_TAG') imageTag = '';
  /** When an update may begin, UTC, such as 02:00-05:00; 23:00-01:00 goes over midnight. Without it: at any time. */
  @env('UPDATE_WINDOW')
  @IsOptional()
  @Matches(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, {
    message: 'it must be such as 02:00-05:00',
  })
  updateWindow?: string;
  /** It stays at its release; `runner status` says what waits. */
  @envFlag('UPDATE_HOLD') @IsBoolean() updateHold = false;
  /** The miner serves one validator, which trusts it: it needs no wallet and no chain. */
  @envFlag('IS_LOCAL_MINER') @IsBoolean() isLocalMiner = false;
  /** How often it looks for a release. @unit seconds */
  @envNumber('UPDATE_EVERY_SECONDS') @IsInt() @Min(1) @Max(86_400) updateEvery = 600;
  /** How long the service may take until it is ready after an update; after that the release before comes back. @unit seconds */
  @envNumber('UPDATE_READY_SECONDS') @IsInt() @Min(1) @Max(86_400) updateReady = 900;
  /** How long it then has to stay ready, without ending once, for the update to be kept. @unit seconds */
  @envNumber('UPDATE_WATCH_SECONDS') @IsInt() @Min(0) @Max(86_400) updateWatch = 120;

  /**
   * How long an executor waits for its miner, unless `.env` says otherwise: as long as an update may keep that away, with the
   * way back. @unit seconds
   */
  get minerAbsence(): number {
    return this.updateReady + wayBack;
  }

  get channel(): string {
    return this.channelSetting ?? (this.imageTag === 'v0-preprod' ? 'preprod' : 'stable');
  }
}
