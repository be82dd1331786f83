import { randomBytes } from 'node:crypto';
import {
  Controller,
  Get,
  NotFoundException,
  Param,
  Query,
  Req,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { Database } from '@horde/database';
import { RefusalFilter } from '@horde/rest';
import type { Request, Response } from 'express';
import type { Session } from '../accounts/sessions.ts';
import { readChanges, type RecordedChange } from '../audit.ts';
import { panelDocument } from '../document.ts';
import { PanelOptions } from '../options.ts';
import { CurrentSession } from './current-session.ts';
import { CurrentOperator, OperatorGuard } from './operator.guard.ts';
import { PanelFiles } from './panel-files.ts';
import { panelPage } from './pages.ts';

/** How many changes are shown at once. */
const changesAtOnce = 50;

/** The panel itself, for those who are logged in. */
@Controller('admin')
@UseFilters(RefusalFilter)
export class PanelController {
  private document: object | null = null;

  constructor(
    private readonly options: PanelOptions,
    private readonly files: PanelFiles,
    private readonly current: CurrentSession,
    private readonly database: Database,
  ) {}

  @Get()
  async page(@Req() request: Request, @Res() response: Response): Promise<void> {
    const session = await this.current.of(request);
    if (!session) return response.redirect(302, '/admin/login/');
    if (session.mustChangePassword) return response.redirect(302, '/admin/password/');
    const { manifest } = this.files;
    if (!manifest) throw new NotFoundException('The panel is not built: ./horde help builds it.');
    const nonce = randomBytes(16).toString('base64url');
    const policy =
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; ` +
      `connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
    response.type('html').setHeader('content-security-policy', policy);
    response.send(panelPage(this.options.api.service, nonce, manifest.entry, manifest.needed));
  }

  /** The scripts never change: their names do. */
  @Get('assets/:name')
  @UseGuards(OperatorGuard)
  asset(@Req() request: Request, @Res() response: Response, @Param('name') name: string): void {
    const packs = String(request.headers['accept-encoding'] ?? '').includes('gzip');
    const file = (packs && this.files.script(name, true)) || this.files.script(name, false);
    if (!file) throw new NotFoundException();
    response.setHeader('content-type', 'text/javascript; charset=utf-8');
    response.setHeader('cache-control', 'private, max-age=31536000, immutable');
    response.setHeader('vary', 'accept-encoding');
    if (file.endsWith('.gz')) response.setHeader('content-encoding', 'gzip');
    response.sendFile(file, { root: this.files.folder!, cacheControl: false, lastModified: false });
  }

  @Get('api/openapi.json')
  @UseGuards(OperatorGuard)
  openApi(): object {
    return (this.document ??= panelDocument(this.options.api));
  }

  /** Who is logged in, and what its changes have to be sent with in the header `X-Request-Token`. */
  @Get('api/session')
  @UseGuards(OperatorGuard)
  session(@CurrentOperator() { name, role, requestToken }: Session): object {
    const { api, others } = this.options;
    return { service: api.service, name, role, request_token: requestToken, other_panels: others };
  }

  /** What was changed, newest first. */
  @Get('api/changes')
  @UseGuards(OperatorGuard)
  async changes(
    @Query('before') before?: unknown,
  ): Promise<{ results: RecordedChange[]; next: string | null }> {
    const from = typeof before === 'string' && /^\d{1,18}$/.test(before) ? before : null;
    const results = await readChanges(this.database, from, changesAtOnce + 1);
    const next = results.length > changesAtOnce ? results[changesAtOnce - 1]!.id : null;
    return { results: results.slice(0, changesAtOnce), next };
  }
}
