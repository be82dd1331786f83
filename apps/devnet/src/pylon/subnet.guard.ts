import {
  Injectable,
  NotFoundException,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Ledger } from '../ledger/ledger.ts';
import { DevnetSettings } from '../settings.ts';

interface Request {
  params: { netuid?: string; identity?: string };
  headers: { authorization?: string };
}

/**
 * Lets through what is of the devnet's subnet. An identity's token may be left out, since the Pylon client that
 * ComputeHorde pins sends none after its login; a wrong one is refused.
 */
@Injectable()
export class SubnetGuard implements CanActivate {
  constructor(
    private readonly settings: DevnetSettings,
    private readonly ledger: Ledger,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const { params, headers } = context.switchToHttp().getRequest<Request>();
    const { netuid, identity } = params;
    if (identity !== undefined) {
      if (this.ledger.signer(identity) === undefined)
        throw new NotFoundException(`Identity '${identity}' not found`);
      const token = headers.authorization?.replace(/^Bearer /i, '');
      if (token !== undefined && !this.ledger.isToken(identity, token)) {
        throw new UnauthorizedException(`This is not the token of the identity ${identity}.`);
      }
    }
    if (netuid !== String(this.settings.netuid)) {
      throw new NotFoundException(
        `This devnet has subnet ${this.settings.netuid} only (BITTENSOR_NETUID), not ${netuid}.`,
      );
    }
    return true;
  }
}
