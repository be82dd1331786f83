import { All, Controller, Get, Header, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { withLogContext, type Logger } from '@horde/operations';
import { signedFieldsPayload } from '@horde/protocol';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.service.ts';
import { readJsonBody } from '../http/body.ts';
import { otherMethods } from '../http/other-methods.ts';
import { detail } from '../http/refusal.ts';
import { notAnObject } from './field-reader.ts';
import { readJobRequest, signedFieldsOfRequest } from './job-request.ts';
import { Jobs } from './jobs.service.ts';
import { isUuid, pageUrl, readListQuery } from './page.ts';
import { checkSignature, requiredSignature } from './request-signature.ts';

/** ComputeHorde's REST API for users' jobs. */
@Controller('api/v1')
export class JobsController {
  constructor(
    private readonly jobs: Jobs,
    private readonly authenticator: Authenticator,
    @Inject('LOGGER') private readonly logger: Logger,
  ) {}

  @Post('job-docker')
  @HttpCode(201)
  @Header('content-type', 'application/json')
  async create(@Req() request: Request): Promise<string> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    const { raw, json } = await readJsonBody(request);
    if (!(json instanceof Map)) throw notAnObject(json);
    const jobRequest = readJobRequest(json);
    const signature = requiredSignature(request.headers);
    checkSignature(signature, signedFieldsPayload(signedFieldsOfRequest(jobRequest, json)));
    const { uuid, resource } = await this.jobs.create({ hotkey, signature, body: raw, request: jobRequest });
    withLogContext({ job: uuid, peer: hotkey }, () =>
      this.logger.info({ validator: jobRequest.target_validator_hotkey }, 'a job was created'),
    );
    return resource;
  }

  @Get('jobs')
  @Header('content-type', 'application/json')
  async list(@Req() request: Request): Promise<string> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    const query = readListQuery(new URL(request.originalUrl, 'http://localhost').searchParams);
    const { count, page, pages, jobs } = await this.jobs.list(hotkey, query);
    const next = page < pages ? pageUrl(request, page + 1) : null;
    const previous = page > 1 ? pageUrl(request, page - 1) : null;
    const links = `"next":${JSON.stringify(next)},"previous":${JSON.stringify(previous)}`;
    return `{"count":${count},${links},"results":[${jobs.join(',')}]}`;
  }

  @Get('jobs/:uuid')
  @Header('content-type', 'application/json')
  async find(@Req() request: Request, @Param('uuid') uuid: string): Promise<string> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    if (!isUuid(uuid)) throw detail(404, 'Not found.');
    const job = await this.jobs.find(hotkey, uuid);
    if (job === null) throw detail(404, 'No Job matches the given query.');
    return job;
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
}
