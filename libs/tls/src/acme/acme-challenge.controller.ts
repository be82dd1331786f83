import { Controller, Get, Header, NotFoundException, Param } from '@nestjs/common';
import { AcmeChallenges } from './acme-store.ts';

/** Where an ACME authority asks whether its name leads here, RFC 8555 8.3: at port 80, whichever port of ours that is. */
@Controller('.well-known/acme-challenge')
export class AcmeChallengeController {
  constructor(private readonly challenges: AcmeChallenges) {}

  @Get(':token')
  @Header('content-type', 'application/octet-stream')
  async answer(@Param('token') token: string): Promise<string> {
    const answer = await this.challenges.answer(token);
    if (answer === null) throw new NotFoundException();
    return answer;
  }
}
