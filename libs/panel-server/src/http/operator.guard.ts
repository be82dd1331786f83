import {
  createParamDecorator,
  ForbiddenException,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Request } from 'express';
import type { Session } from '../accounts/sessions.ts';
import { CurrentSession } from './current-session.ts';
import { isForeign } from './surroundings.ts';

const looking = ['GET', 'HEAD'];
const sessionKey = Symbol('the session of a request');
type OperatorRequest = Request & { [sessionKey]?: Session };

/** Lets operators in, and those that may only look only look. */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(private readonly current: CurrentSession) {}

  /** @throws HttpException 401, 403 */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<OperatorRequest>();
    const session = await this.current.of(request);
    if (!session) throw new UnauthorizedException('Log in at /admin/login/.');
    if (session.mustChangePassword)
      throw new ForbiddenException('Change your password first, at /admin/password/.');
    if (!looking.includes(request.method)) {
      requireOwnPage(request, session);
      if (session.role !== 'operate')
        throw new ForbiddenException(`The account ${session.name} may look, and change nothing.`);
    }
    request[sessionKey] = session;
    return true;
  }
}

/** @throws HttpException 403 where the request is not known to come from a page of this panel */
export function requireOwnPage(
  request: Request,
  session: Session,
  token = request.headers['x-request-token'],
): void {
  if (isForeign(request) || token !== session.requestToken)
    throw new ForbiddenException(
      'This request does not come from a page of this panel. Load the page again.',
    );
}

/** Who is logged in, behind `OperatorGuard`. */
export const CurrentOperator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Session =>
    context.switchToHttp().getRequest<OperatorRequest>()[sessionKey]!,
);
