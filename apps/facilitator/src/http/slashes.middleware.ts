import { Injectable, type NestMiddleware } from '@nestjs/common';
import { detail } from '@horde/rest';
import type { NextFunction, Request, Response } from 'express';

/** The paths of the API, without the slash at the end that they all have. */
const apiWithoutSlash =
  /^\/api\/v1\/(?:job-docker|validators|cheated-job|jobs|jobs\/[^/]+(?:\/(?:cancel|events|describe))?|jobs\/[^/]+\/feedback(?:\/[^/]+)?)$/;
/** The paths of the login, which have none, with one. */
const loginWithSlash = /^\/auth\/(?:nonce|login)\/+$/;

/** Takes slashes at the end of a path as seriously as ComputeHorde's facilitator does, where Express does not. */
@Injectable()
export class SlashesMiddleware implements NestMiddleware {
  /** @throws Refusal 404 */
  use(request: Request, response: Response, next: NextFunction): void {
    const [path = '', ...query] = request.originalUrl.split('?');
    if (loginWithSlash.test(path)) throw detail(404, 'Not found.');
    if (!apiWithoutSlash.test(path)) return next();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw detail(404, `Not found. With a slash at the end it would be: ${path}/`);
    }
    response.redirect(301, [`${path}/`, ...query].join('?'));
  }
}
