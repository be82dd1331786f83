import { All, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import { signedFieldsPayload } from '@horde/protocol';
import { maxBody, noJob, notAnObject, streamJson, withJsonBody, queryOf } from '@horde/rest';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { otherMethods } from '../http/other-methods.ts';
import { dryRunOf, DryRuns } from '../questions/dry-runs.ts';
import { FacilitatorSettings } from '../settings.ts';
import { idempotencyKeyOf } from './idempotency-keys.ts';
import { readJobRequest, signedFieldsOfRequest } from './job-request.ts';
import { JobLists, type JobPage, type JobsBehind } from './job-lists.ts';
import { Jobs } from './jobs.ts';
import { readDryRun, readListQuery, type ListQuery } from './list-query.ts';
import { pageUrl, requireUuid } from './page.ts';
import { checkSignature, requiredSignature, requireOwn } from './request-signature.ts';

/** ComputeHorde's REST API for users' jobs. */
@Controller('api/v1')
export class JobsController {
  constructor(
    private readonly jobs: Jobs,
    private readonly lists: JobLists,
    private readonly dryRuns: DryRuns,
    private readonly authenticator: Authenticator,
    private readonly settings: FacilitatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post('job-docker')
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    const isDryRun = readDryRun(queryOf(request));
    const { created, question } = await withJsonBody(
      request,
      { limit: maxBody, sender: hotkey },
      async (json) => {
        if (!(json instanceof Map)) throw notAnObject(json);
        const jobRequest = readJobRequest(json);
        const signature = requiredSignature(request.headers);
        checkSignature(signature, signedFieldsPayload(signedFieldsOfRequest(jobRequest, json)));
        requireOwn(signature, hotkey, this.settings);
        const creation = {
          hotkey,
          signature,
          request: jobRequest,
          idempotencyKey: idempotencyKeyOf(request.headers),
        };
        if (isDryRun)
          return { question: dryRunOf(jobRequest.target_validator_hotkey, await this.jobs.tryOut(creation)) };
        const created = await this.jobs.create(creation);
        withLogContext({ job: created.uuid, user: hotkey }, () =>
          this.logger.info({ validator: jobRequest.target_validator_hotkey }, 'a job was created'),
        );
        return { created };
      },
    );
    if (question) response.status(200).json(await this.dryRuns.ask(hotkey, question));
    else await streamJson(response, created.json, 201);
  }

  @Get('jobs')
  async list(@Req() request: Request, @Res() response: Response): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    const query = readListQuery(queryOf(request), hotkey);
    // All questions about which jobs these are have been asked when the answer begins.
    const text =
      'page' in query.part
        ? this.pageText(request, query, await this.lists.page(hotkey, query, query.part.page))
        : this.behindText(query, await this.lists.behind(hotkey, query, query.part.behind));
    await streamJson(response, text);
  }

  @Get('jobs/:uuid')
  async find(@Req() request: Request, @Res() response: Response, @Param('uuid') uuid: string): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    requireUuid(uuid);
    if (!(await this.jobs.has(hotkey, uuid))) throw noJob();
    await streamJson(response, this.jobs.resources([uuid]));
  }

  @All('job-docker')
  otherThanCreate(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Docker Job', allow: 'POST, OPTIONS' });
  }

  @All('jobs')
  otherThanList(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Job List', allow: 'GET, HEAD, OPTIONS' });
  }

  @All('jobs/:uuid')
  otherThanFind(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Job Instance', allow: 'GET, HEAD, OPTIONS' });
  }

  private async *pageText(
    request: Request,
    query: ListQuery,
    list: JobPage,
  ): AsyncGenerator<string | Buffer> {
    const { count, page, pages, uuids } = list;
    const next = page < pages ? pageUrl(request, page + 1) : null;
    const previous = page > 1 ? pageUrl(request, page - 1) : null;
    yield `{"count":${count},"next":${JSON.stringify(next)},"previous":${JSON.stringify(previous)},"results":[`;
    yield* this.items(query, uuids);
    yield ']}';
  }

  private async *behindText(query: ListQuery, { next, uuids }: JobsBehind): AsyncGenerator<string | Buffer> {
    yield `{"next":${JSON.stringify(next)},"results":[`;
    yield* this.items(query, uuids);
    yield ']}';
  }

  private items({ isLean }: ListQuery, uuids: string[]): AsyncGenerator<string | Buffer> {
    return isLean ? this.lists.leanItems(uuids) : this.jobs.resources(uuids);
  }
}
