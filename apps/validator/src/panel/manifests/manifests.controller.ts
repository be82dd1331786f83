import { Get, Req } from '@nestjs/common';
import type { PanelManifestChange, PanelList } from '@horde/panel-api';
import { AdminApi } from '@horde/panel-server';
import { queryOf } from '@horde/rest';
import type { Request } from 'express';
import { ManifestChanges } from './manifest-changes.ts';

@AdminApi('manifests')
export class PanelManifestsController {
  constructor(private readonly changes: ManifestChanges) {}

  @Get()
  list(@Req() request: Request): Promise<PanelList<PanelManifestChange>> {
    return this.changes.page(queryOf(request));
  }
}
