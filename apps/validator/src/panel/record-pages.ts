import { allowanceApi } from './allowance/allowance-document.ts';
import { PanelAllowanceController } from './allowance/allowance.controller.ts';
import { Accounts } from './allowance/accounts.ts';
import { BookingList } from './allowance/booking-list.ts';
import { blacklistApi } from './blacklist/blacklist-document.ts';
import { PanelBlacklistController } from './blacklist/blacklist.controller.ts';
import { BlacklistEntries } from './blacklist/blacklist-entries.ts';
import { cyclesApi } from './cycles/cycles-document.ts';
import { PanelCyclesController } from './cycles/cycles.controller.ts';
import { CycleList } from './cycles/cycle-list.ts';
import { eventsApi } from './events/events-document.ts';
import { PanelEventsController } from './events/events.controller.ts';
import { EventList } from './events/event-list.ts';
import { manifestsApi } from './manifests/manifests-document.ts';
import { PanelManifestsController } from './manifests/manifests.controller.ts';
import { ManifestChanges } from './manifests/manifest-changes.ts';
import { minersApi } from './miners/miners-document.ts';
import { PanelMinersController } from './miners/miners.controller.ts';
import { CapacityHours } from './miners/capacity-hours.ts';
import { MinerList } from './miners/miner-list.ts';
import { MinerPages } from './miners/miner-page.ts';
import { Standings } from './miners/standings.ts';
import { receiptsApi } from './receipts/receipts-document.ts';
import { PanelReceiptsController } from './receipts/receipts.controller.ts';
import { ReceiptList } from './receipts/receipt-list.ts';
import { whitelistApi } from './whitelist/whitelist-document.ts';
import { PanelWhitelistController } from './whitelist/whitelist.controller.ts';
import { Signatories } from './whitelist/signatories.ts';

/** The pages beside jobs and the overview: miners, and what is recorded of them and of the validator. */
export const recordControllers = [
  PanelAllowanceController,
  PanelBlacklistController,
  PanelCyclesController,
  PanelEventsController,
  PanelManifestsController,
  PanelMinersController,
  PanelReceiptsController,
  PanelWhitelistController,
];

export const recordProviders = [
  Accounts,
  BlacklistEntries,
  BookingList,
  CapacityHours,
  CycleList,
  EventList,
  ManifestChanges,
  MinerList,
  MinerPages,
  ReceiptList,
  Signatories,
  Standings,
];

/** What they answer. */
export const recordApis = [
  allowanceApi,
  blacklistApi,
  cyclesApi,
  eventsApi,
  manifestsApi,
  minersApi,
  receiptsApi,
  whitelistApi,
];
