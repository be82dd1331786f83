import { Delete, Get, HttpCode, Param, Post, Put, Req, Res } from '@nestjs/common';
import { isSs58 } from '@horde/identity';
import { AdminApi, CurrentOperator, CurrentSession, recordChange, type Session } from '@horde/panel-server';
import type {
  PanelJobList,
  PanelJobPage,
  PanelOverview,
  PanelUser,
  PanelValidator,
  PanelValidatorPage,
} from '@horde/panel-api';
import type { JobStatus, JsonValue } from '@horde/protocol';
import { detail, fieldErrors, noJob, unauthorized, withJsonBody, queryOf } from '@horde/rest';
import type { Request, Response } from 'express';
import { Whitelist } from '../auth/whitelist.ts';
import { EventStreams } from '../events/event-streams.ts';
import { placesOf } from '../events/events.controller.ts';
import { Cancellations } from '../jobs/cancellations.ts';
import { requireUuid } from '../jobs/page.ts';
import { Descriptions } from '../questions/descriptions.ts';
import { JobPages } from './job-page.ts';
import { PanelJobs } from './job-list.ts';
import { Overview } from './overview.ts';
import { PanelTables } from './panel-tables.ts';
import { ValidatorPages } from './validator-page.ts';

/** @unit bytes */
const maxQuotas = 1_024;

/** What the panel's pages of the facilitator ask for and change. Its answers have the types of `@horde/panel-api`. */
@AdminApi()
export class PanelApiController {
  constructor(
    private readonly overviews: Overview,
    private readonly jobs: PanelJobs,
    private readonly pages: JobPages,
    private readonly tables: PanelTables,
    private readonly validatorPages: ValidatorPages,
    private readonly descriptions: Descriptions,
    private readonly cancellations: Cancellations,
    private readonly streams: EventStreams,
    private readonly whitelist: Whitelist,
    private readonly current: CurrentSession,
  ) {}

  @Get('overview')
  overview(): Promise<PanelOverview> {
    return this.overviews.read();
  }

  @Get('jobs')
  list(@Req() request: Request): Promise<PanelJobList> {
    return this.jobs.list(queryOf(request));
  }

  @Get('jobs/:uuid')
  job(@Param('uuid') uuid: string): Promise<PanelJobPage> {
    requireUuid(uuid);
    return this.pages.of(uuid);
  }

  @Get('jobs/:uuid/describe')
  async describe(@Param('uuid') uuid: string): Promise<object> {
    const { hotkey } = await this.find(uuid);
    return this.descriptions.of(hotkey, uuid);
  }

  /** As the events of its user, docs/events.md. */
  @Get('jobs/:uuid/events')
  async events(
    @Req() request: Request,
    @Res() response: Response,
    @Param('uuid') uuid: string,
    @CurrentOperator() { name, requestToken }: Session,
  ): Promise<void> {
    const places = placesOf(request.headers['last-event-id']);
    const { status } = await this.find(uuid);
    const isAllowed = async () =>
      (await this.current.of(request, false)) ? null : unauthorized('Log in again.');
    await this.streams.open({
      reader: `operator ${name}`,
      login: { key: requestToken, refusal: isAllowed },
      job: uuid.toLowerCase(),
      status: status as JobStatus,
      places,
      response,
    });
  }

  @Post('jobs/:uuid/cancel')
  @HttpCode(202)
  async cancel(@Param('uuid') uuid: string, @CurrentOperator() { name }: Session): Promise<PanelJobPage> {
    const { status } = await this.find(uuid);
    await this.cancellations.cancel({
      uuid,
      hotkey: null,
      by: 'the operator of the facilitator',
      record: (tx) =>
        recordChange(tx, {
          by: name,
          action: 'cancel a job',
          subject: uuid,
          before: { status },
          after: { status, cancelled: true },
        }),
    });
    return this.pages.of(uuid);
  }

  @Get('validators')
  async validators(): Promise<{ results: PanelValidator[] }> {
    return { results: await this.tables.validators() };
  }

  @Get('validators/:hotkey')
  validator(@Param('hotkey') hotkey: string): Promise<PanelValidatorPage> {
    return this.validatorPages.of(hotkey);
  }

  @Get('whitelist')
  async users(): Promise<{ results: PanelUser[] }> {
    return { results: await this.tables.users() };
  }

  @Get('whitelist/:hotkey')
  async user(@Param('hotkey') hotkey: string): Promise<PanelUser> {
    const [user] = await this.tables.users(hotkey);
    if (!user) throw detail(404, 'This hotkey is not on the whitelist, and has no jobs here.');
    return user;
  }

  /** Lets a hotkey in, or changes what it may do: `null` is what the settings say, 0 is any number. */
  @Put('whitelist/:hotkey')
  async let(
    @Req() request: Request,
    @Param('hotkey') hotkey: string,
    @CurrentOperator() { name }: Session,
  ): Promise<PanelUser> {
    if (!isSs58(hotkey)) throw fieldErrors({ hotkey: ['This is not an SS58 address.'] });
    const quotas = await withJsonBody(request, { limit: maxQuotas, sender: name }, async (json) => ({
      maxUnfinishedJobs: quotaIn(json, 'max_unfinished_jobs'),
      maxCreationsPerMinute: quotaIn(json, 'max_creations_per_minute'),
    }));
    await this.whitelist.add(hotkey, quotas, name);
    return this.user(hotkey);
  }

  @Delete('whitelist/:hotkey')
  async shutOut(@Param('hotkey') hotkey: string, @CurrentOperator() { name }: Session): Promise<object> {
    if (!(await this.whitelist.remove(hotkey, name)))
      throw detail(404, 'This hotkey is not on the whitelist.');
    return {};
  }

  private async find(uuid: string) {
    requireUuid(uuid);
    const job = await this.jobs.find(uuid);
    if (!job) throw noJob();
    return job;
  }
}

/** undefined: nothing is said of it. @throws Refusal 400 */
function quotaIn(json: JsonValue, name: string): number | null | undefined {
  const value = json instanceof Map ? json.get(name) : undefined;
  if (value === undefined || value === null) return value;
  if (typeof value !== 'number' || value < 0 || value > 2 ** 31 - 1)
    throw fieldErrors({ [name]: ['It is a whole number from 0 on, or null.'] });
  return value;
}
