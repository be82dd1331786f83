import path from 'node:path';
import { isSs58 } from '@horde/identity';
import { CannotStart } from '@horde/operations';
import type { OperatorRole } from '@horde/panel-api';
import type { NewOperator } from './accounts/operators.ts';
import type { PanelApi } from './document.ts';
import { ownGateway } from './http/gateway.ts';

/** What a service says about its panel. */
export class PanelOptions {
  /** What its own pages ask for, for the document at `/admin/api/openapi.json`. */
  api!: PanelApi;
  /** The reverse proxies whose headers are believed: addresses, or blocks of them. */
  trustedProxies!: readonly string[];
  /** The gateway that stands for the machine itself; null: none does. */
  gateway!: string | null;
  /** The account that is made where there is none. */
  firstOperator!: NewOperator | null;
  /** The hotkeys that may log in. */
  hotkeys!: ReadonlyMap<string, OperatorRole>;
  /** Where browsers find the panel over TLS: `https://panel.example`. */
  origins!: readonly string[];
  /** Where the panels of the network's other services are, by the service's name. */
  others!: Readonly<Record<string, string>>;
  /** Where the panel's built files may be: the first folder that is there counts. */
  folders!: readonly string[];
}

/** Of a service's settings, what its panel needs. */
export interface PanelSettings {
  trustedProxies: readonly string[];
  publishedOnLoopback: boolean;
  defaultAdminName: string;
  defaultAdminPassword?: string;
  defaultAdminPasswordStays: boolean;
  panelHotkeys: readonly string[];
  panelOrigins: readonly string[];
  otherPanels: readonly string[];
}

/** The panel's files lie beside the bundle; where the sources run as they are, in the panel's own build. */
const folders = ['panel', '../../../apps/panel/dist'].map((folder) => path.join(import.meta.dirname, folder));

export function panelOptions(api: PanelApi, settings: PanelSettings): PanelOptions {
  const { defaultAdminName: name, defaultAdminPassword: password, trustedProxies } = settings;
  const mustChangePassword = !settings.defaultAdminPasswordStays;
  return {
    api,
    trustedProxies,
    gateway: settings.publishedOnLoopback ? ownGateway() : null,
    firstOperator: password === undefined ? null : { name, password, role: 'operate', mustChangePassword },
    hotkeys: hotkeysIn(settings.panelHotkeys),
    origins: settings.panelOrigins,
    others: Object.fromEntries(settings.otherPanels.map((one) => one.split('=') as [string, string])),
    folders,
  };
}

/** Of PANEL_HOTKEYS: `5F…:read`. @throws CannotStart */
function hotkeysIn(written: readonly string[]): ReadonlyMap<string, OperatorRole> {
  const hotkeys = written.map((one) => one.split(':') as [string, OperatorRole]);
  const wrong = hotkeys.find(([hotkey]) => !isSs58(hotkey));
  if (wrong) throw new CannotStart(`PANEL_HOTKEYS names ${wrong[0]}, which is no hotkey.`);
  return new Map(hotkeys);
}
