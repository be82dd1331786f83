import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Logger } from '@horde/operations';

interface Response {
  status(code: number): { json(body: unknown): void };
}

/** Every error as Pylon answers it: `{"status_code", "detail"}`, one sentence. */
@Catch()
export class ErrorsFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { status, detail } = this.explain(error);
    host.switchToHttp().getResponse<Response>().status(status).json({ status_code: status, detail });
  }

  private explain(error: unknown): { status: number; detail: string } {
    if (error instanceof HttpException) {
      return { status: error.getStatus(), detail: parserSentence(error) ?? error.message };
    }
    this.logger.error({ error }, 'a request failed');
    return { status: 500, detail: 'The devnet failed; its log says why.' };
  }
}

/** For what Express refused before a route was found; undefined for the devnet's own sentences. */
function parserSentence(error: HttpException): string | undefined {
  if (error.cause === undefined) return undefined;
  if (error.getStatus() === 413) return 'The body is larger than 1 MB.';
  return error.cause instanceof URIError
    ? 'The path has a % that stands for nothing.'
    : 'The body cannot be read as JSON.';
}
