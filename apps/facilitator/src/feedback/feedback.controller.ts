import { All, Controller, Get, Param, Post, Put, Req, Res } from '@nestjs/common';
import { JsonFloat, writeCompact, type JsonObject } from '@horde/protocol';
import { Body, decimal, detail, failure, noJob, notAnObject, withJsonBody } from '@horde/rest';
import type { Request, Response } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { otherMethods } from '../http/other-methods.ts';
import { Jobs } from '../jobs/jobs.ts';
import { requireUuid } from '../jobs/page.ts';
import { checkFullRequest, requiredSignature } from '../jobs/request-signature.ts';
import { FacilitatorSettings } from '../settings.ts';
import { Feedback, type JobFeedback } from './feedback.ts';

/** The largest body that is read: it has two numbers. @unit bytes */
const maxFeedback = 16 * 1024;

/** ComputeHorde's `/api/v1/jobs/{uuid}/feedback/`. There it is out of reach for users who log in with a hotkey. */
@Controller('api/v1/jobs/:uuid/feedback')
export class FeedbackController {
  constructor(
    private readonly feedback: Feedback,
    private readonly jobs: Jobs,
    private readonly authenticator: Authenticator,
    private readonly settings: FacilitatorSettings,
  ) {}

  @Post()
  async post(@Req() request: Request, @Res() response: Response, @Param('uuid') uuid: string): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    const left = await withJsonBody(request, { limit: maxFeedback, sender: hotkey }, async (json) => {
      const signature = requiredSignature(request.headers);
      if (!(json instanceof Map)) throw notAnObject(json);
      checkFullRequest(signature, json, hotkey, this.settings);
      requireUuid(uuid);
      if (!(await this.jobs.has(hotkey, uuid))) throw noJob();
      const feedback = feedbackBody.read(json);
      if (!(await this.feedback.leave(hotkey, uuid, feedback, signature)))
        throw failure(409, 'Feedback already exists');
      return feedback;
    });
    send(response, 201, left);
  }

  @Put()
  put(@Req() request: Request, @Res() response: Response, @Param('uuid') uuid: string): Promise<void> {
    return this.post(request, response, uuid);
  }

  @Get(['', ':any'])
  async get(@Req() request: Request, @Res() response: Response, @Param('uuid') uuid: string): Promise<void> {
    const hotkey = await this.authenticator.hotkeyOf(request);
    requireUuid(uuid);
    const feedback = await this.feedback.find(hotkey, uuid);
    if (!feedback)
      throw (await this.jobs.has(hotkey, uuid))
        ? detail(404, 'No JobFeedback matches the given query.')
        : noJob();
    send(response, 200, feedback);
  }

  @All(['', ':any'])
  otherThanFeedback(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Job Feedback', allow: 'GET, POST, PUT, HEAD, OPTIONS' });
  }
}

/** The body of a user's feedback. */
export const feedbackBody = new Body<JobFeedback>({
  result_correctness: decimal<number>(1, { about: 'How right the result is, from 0 to 1.' }),
  expected_duration: decimal<number | null>(Infinity, {
    about: 'How long the job should have taken, in seconds.',
    default: null,
    whenNull: null,
  }),
});

/** Numbers as ComputeHorde's facilitator writes them: `1.0`. */
function send(response: Response, status: number, feedback: JobFeedback): void {
  const { result_correctness, expected_duration } = feedback;
  const json: JsonObject = new Map([
    ['result_correctness', new JsonFloat(result_correctness)],
    ['expected_duration', expected_duration === null ? null : new JsonFloat(expected_duration)],
  ]);
  response.status(status).type('application/json').send(writeCompact(json));
}
