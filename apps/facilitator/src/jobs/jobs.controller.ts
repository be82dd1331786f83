import { All, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import { signedFieldsPayload } from '@horde/protocol';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { maxBody, withJsonBody } from '../http/body.ts';
import { otherMethods } from '../http/other-methods.ts';
import { detail } from '../http/refusal.ts';
import { streamJson } from '../http/stream-json.ts';
import { notAnObject } from './field-reader.ts';
import { readJobRequest, signedFieldsOfRequest } from './job-request.ts';
import { Jobs, type JobPage } from './jobs.ts';
import { isUuid, pageUrl, queryOf, readListQuery } from './page.ts';
import { checkSignature, requiredSignature } from './request-signature.ts';

/** ComputeHorde's REST API for users' jobs. */
@Controller('api/v1')
export class JobsController {
  constructor(
    private readonly jobs: Jobs,
    private readonly authenticator: Authenticator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post('job-docker')
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    const uuid = await withJsonBody(request, maxBody, async (json, raw) => {
      if (!(json instanceof Map)) throw notAnObject(json);
      const jobRequest = readJobRequest(json);
      const signature = requiredSignature(request.headers);
      checkSignature(signature, signedFieldsPayload(signedFieldsOfRequest(jobRequest, json)));
      const created = await this.jobs.create({ hotkey, signature, body: raw, request: jobRequest });
      withLogContext({ job: created, peer: hotkey }, () =>
        this.logger.info({ validator: jobRequest.target_validator_hotkey }, 'a job was created'),
      );
      return created;
    });
    await streamJson(response, this.jobs.resources([uuid]), 201);
  }

  @Get('jobs')
  async list(@Req() request: Request, @Res() response: Response): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    const query = readListQuery(queryOf(request));
    const page = await this.jobs.list(hotkey, query);
    await streamJson(response, this.pageText(request, page));
  }

  @Get('jobs/:uuid')
  async find(@Req() request: Request, @Res() response: Response, @Param('uuid') uuid: string): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    if (!isUuid(uuid)) throw detail(404, 'Not found.');
    if (!(await this.jobs.has(hotkey, uuid))) throw detail(404, 'No Job matches the given query.');
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
    { count, page, pages, uuids }: JobPage,
  ): AsyncGenerator<string | Buffer> {
    const next = page < pages ? pageUrl(request, page + 1) : null;
    const previous = page > 1 ? pageUrl(request, page - 1) : null;
    yield `{"count":${count},"next":${JSON.stringify(next)},"previous":${JSON.stringify(previous)},"results":[`;
    yield* this.jobs.resources(uuids);
    yield ']}';
  }
}
