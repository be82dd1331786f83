import type { ServerResponse } from 'node:http';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { Faults } from './faults.ts';

interface Request {
  originalUrl: string;
}

/** Lets calls of Pylon's API go wrong in the way that was asked for. */
@Injectable()
export class FaultsMiddleware implements NestMiddleware {
  constructor(private readonly faults: Faults) {}

  use({ originalUrl }: Request, response: ServerResponse, next: () => void): void {
    const fault = this.faults.next(originalUrl);
    switch (fault?.kind) {
      case 'silence':
        return;
      case 'refuse': {
        const body = JSON.stringify({ status_code: fault.status, detail: 'A fault that was asked for.' });
        response.writeHead(fault.status, { 'content-type': 'application/json' }).end(body);
        return;
      }
      case 'delay':
        setTimeout(next, fault.seconds * 1000).unref();
        return;
      case 'half':
        breakOff(response);
        next();
        return;
      default:
        next();
    }
  }
}

/** What is going to be answered ends in its middle. */
function breakOff(response: ServerResponse): void {
  response.end = ((chunk: string | Buffer = '') => {
    const bytes = Buffer.from(chunk as string);
    response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => response.destroy());
    return response;
  }) as typeof response.end;
}
