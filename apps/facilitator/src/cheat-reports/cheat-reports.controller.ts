import { All, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import { isCanonicalUuid, type JsonObject } from '@horde/protocol';
import { Body, type Field, notAnObject, withJsonBody } from '@horde/rest';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { otherMethods } from '../http/other-methods.ts';
import { checkFullRequest, givenSignature, requiredSignature } from '../jobs/request-signature.ts';
import { FacilitatorSettings } from '../settings.ts';
import { CheatReports, type CheatReport } from './cheat-reports.ts';

/** The largest body that is read: written for a validator it is no larger than a frame that all of them read. @unit bytes */
const maxReport = 160 * 1024;

/** ComputeHorde's `/api/v1/cheated-job/`. */
@Controller('api/v1/cheated-job')
export class CheatReportsController {
  constructor(
    private readonly reports: CheatReports,
    private readonly authenticator: Authenticator,
    private readonly settings: FacilitatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post()
  @HttpCode(201)
  async report(@Req() request: Request): Promise<object> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    await withJsonBody(request, { limit: maxReport, sender: hotkey }, async (json) => {
      if (!(json instanceof Map)) throw notAnObject(json);
      this.checkSignature(request, json, hotkey);
      const report = cheatReportBody.read(json);
      await this.reports.report(hotkey, report, () => requiredSignature(request.headers));
      withLogContext({ job: report.job_uuid, user: hotkey }, () =>
        this.logger.info({ trusted: report.trusted_job_uuid }, 'the job is reported as cheated'),
      );
    });
    return { message: 'Job reported as cheated' };
  }

  @All()
  otherThanReport(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Cheated Job Report', allow: 'POST, OPTIONS' });
  }

  /** As in ComputeHorde's facilitator, one that is not there is missed last. */
  private checkSignature(request: Request, json: JsonObject, hotkey: string): void {
    const signature = givenSignature(request.headers);
    if (!signature) return;
    checkFullRequest(signature, json, hotkey, this.settings);
  }
}

/** Lower case alone: the text is signed, and validators look for it as it is. */
const jobUuid = (about: string): Field<string> => ({
  about,
  schema: { type: 'string', format: 'uuid' },
  convert: (raw) =>
    typeof raw === 'string' && isCanonicalUuid(raw) ? { value: raw } : { problem: ['Must be a valid UUID.'] },
});

/** The body of a report that a miner cheated. */
export const cheatReportBody = new Body<CheatReport>({
  job_uuid: jobUuid('The job whose result is wrong.'),
  trusted_job_uuid: jobUuid('The same job on the trusted miner, whose result is right.'),
  details: {
    about: 'What is wrong, for the validator.',
    default: null,
    whenNull: null,
    schema: {},
    convert: (value) => ({ value }),
  },
});
