import { Controller, Get, Redirect } from '@nestjs/common';

/** What whoever looks whether a miner is there may begin with. */
@Controller()
export class RootController {
  @Get()
  @Redirect('/admin/', 302)
  root(): void {}
}
