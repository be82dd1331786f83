import { Controller, Get, Header, Redirect } from '@nestjs/common';

/** What operators of ComputeHorde look at first: `/admin/login/` tells from outside that a miner is there. */
@Controller()
export class PanelController {
  @Get()
  @Redirect('/admin/', 302)
  root(): void {}

  @Get('admin')
  @Redirect('/admin/login/', 302)
  panel(): void {}

  @Get('admin/login')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  @Header('x-content-type-options', 'nosniff')
  @Header('cache-control', 'no-store')
  login(): string {
    return page;
  }
}

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Miner</title></head>
<body>
<h1>This miner is running</h1>
<p>It has no panel and no login. What it tells:</p>
<ul>
<li><a href="/health/ready">whether it is ready</a>, and if not, why</li>
<li><a href="/version">its version</a></li>
<li><a href="/metrics">its metrics</a></li>
</ul>
</body>
</html>
`;
