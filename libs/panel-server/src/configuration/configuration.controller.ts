import { Delete, Get, Param, Put, Req } from '@nestjs/common';
import { DynamicConfig, type DescribedSetting, type Keys } from '@horde/dynamic-config';
import type { PanelSetting } from '@horde/panel-api';
import { toPlain } from '@horde/protocol';
import { fieldErrors, withJsonBody } from '@horde/rest';
import type { Request } from 'express';
import type { Session } from '../accounts/sessions.ts';
import { AdminApi } from '../http/admin-api.ts';
import { CurrentOperator } from '../http/operator.guard.ts';

/** A list of a thousand texts, and more. @unit bytes */
const maxValue = 256 * 1024;

/**
 * The settings of a service that change while it runs, for its panel. A service that has such settings lists this
 * controller, and says which they are: `{ provide: DynamicConfig, useExisting: … }`.
 */
@AdminApi('configuration')
export class ConfigurationController {
  constructor(private readonly config: DynamicConfig<Keys>) {}

  @Get()
  async list(): Promise<{ results: PanelSetting[] }> {
    return { results: (await this.config.describe()).map(panelSetting) };
  }

  /** Sets one, in all processes at once: `{"value": …}`. */
  @Put(':name')
  async set(
    @Req() request: Request,
    @Param('name') name: string,
    @CurrentOperator() operator: Session,
  ): Promise<PanelSetting> {
    await withJsonBody(request, { limit: maxValue, sender: operator.name }, async (json) => {
      const value = json instanceof Map ? json.get('value') : undefined;
      if (value === undefined) throw fieldErrors({ value: ['This field is required.'] });
      await this.config.set(name, toPlain(value), operator.name);
    });
    return this.one(name);
  }

  /** Takes back what the operator has set: its source says it again, or its default. */
  @Delete(':name')
  async unset(@Param('name') name: string, @CurrentOperator() operator: Session): Promise<PanelSetting> {
    await this.config.unset(name, operator.name);
    return this.one(name);
  }

  private async one(name: string): Promise<PanelSetting> {
    const settings = await this.config.describe();
    return panelSetting(settings.find((one) => one.name === name)!);
  }
}

const panelSetting = ({ unit, changed, ...setting }: DescribedSetting): PanelSetting => ({
  ...setting,
  unit: unit ?? null,
  changed: changed && { ...changed, at: changed.at.toISOString() },
});
