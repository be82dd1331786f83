import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { isOutage } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { HordeError } from '@horde/protocol';
import type { Response } from 'express';
import { detail, Refusal } from './refusal.ts';
import { ReaderIsGone } from './stream-json.ts';

/** When a request is worth sending again that came while the database was away. @unit seconds */
const outagePause = 2;

/** Answers whatever a request's handler throws, as JSON. */
@Catch()
export class RefusalFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof ReaderIsGone) return void response.destroy();
    if (response.headersSent) {
      this.logger.error({ error }, 'an answer could not be completed, and was cut off');
      return void response.destroy();
    }
    const { status, body, headers } = this.refusalOf(error);
    if (response.closed) return;
    response.status(status).set(headers).json(body);
  }

  private refusalOf(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    // Rules that are not about one field are a list of sentences, as in ComputeHorde's facilitator.
    if (error instanceof HordeError && error.status) return new Refusal(error.status, [error.message]);
    if (error instanceof HttpException) {
      const status = error.getStatus();
      return detail(status, status === 404 ? 'Not found.' : error.message);
    }
    this.logger.error({ error }, 'a request failed');
    if (isOutage(error))
      return new Refusal(
        503,
        {
          detail: 'The database of this service does not answer now. Send the request again.',
        },
        { 'retry-after': String(outagePause) },
      );
    return detail(500, 'The service failed to handle this request. Its log says why.');
  }
}
