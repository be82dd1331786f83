import AutorenewIcon from '@mui/icons-material/Autorenew';
import BlockIcon from '@mui/icons-material/Block';
import EventNoteIcon from '@mui/icons-material/EventNote';
import InventoryIcon from '@mui/icons-material/Inventory';
import MemoryIcon from '@mui/icons-material/Memory';
import NotificationsIcon from '@mui/icons-material/Notifications';
import PeopleIcon from '@mui/icons-material/People';
import ReceiptLongIcon from '@mui/icons-material/ReceiptLong';
import SavingsIcon from '@mui/icons-material/Savings';
import { Resource } from 'react-admin';
import { mayOperate } from '../auth-provider.ts';
import { findByHotkey } from '../parts/search/finders.ts';
import { cursorList, wholeList } from '../sources.ts';
import { CycleList } from './cycles/cycle-list.tsx';
import { CyclePage } from './cycles/cycle-page.tsx';
import { MinerList } from './miners/miner-list.tsx';
import { MinerPage } from './miners/miner-page.tsx';
import { allowance, AllowanceList } from './records/allowance-list.tsx';
import { blacklist, BlacklistCreate, BlacklistList } from './records/blacklist.tsx';
import { BookingList } from './records/booking-list.tsx';
import { EventList } from './records/event-list.tsx';
import { ManifestList } from './records/manifest-list.tsx';
import { ReceiptList } from './records/receipt-list.tsx';
import { whitelist, WhitelistCreate, WhitelistList } from './records/whitelist.tsx';

/** How the rows of these resources are asked for. */
export const recordSources = {
  miners: wholeList('miners', { id: 'hotkey' }),
  blacklist,
  whitelist,
  allowance,
  bookings: cursorList('bookings', { id: 'id' }),
  manifests: cursorList('manifests', { id: 'id' }),
  receipts: cursorList('receipts', { id: 'id' }),
  cycles: wholeList('cycles', { id: 'cycle_start' }),
  events: cursorList('events', { id: 'id' }),
};

/** Miners, and what is recorded of them and of the validator. Under `alsoCalled` are ComputeHorde's names of its admin pages. */
export const recordResources = () => (
  <>
    <Resource
      name="miners"
      icon={MemoryIcon}
      options={{ label: 'Miners', alsoCalled: ['Miner'], find: findByHotkey('miners', 'miner') }}
      list={MinerList}
      show={MinerPage}
      recordRepresentation="hotkey"
    />
    <Resource
      name="blacklist"
      icon={BlockIcon}
      options={{
        label: 'Blacklist',
        alsoCalled: ['Blacklisted Miners', 'Miner blacklists', 'MinerBlacklist'],
      }}
      list={BlacklistList}
      {...(mayOperate() && { create: BlacklistCreate })}
    />
    <Resource
      name="whitelist"
      icon={PeopleIcon}
      options={{ label: 'Whitelist', alsoCalled: ['Validator whitelists', 'ValidatorWhitelist'] }}
      list={WhitelistList}
      recordRepresentation="hotkey"
      {...(mayOperate() && { create: WhitelistCreate })}
    />
    <Resource
      name="allowance"
      icon={SavingsIcon}
      options={{ label: 'Allowance', alsoCalled: ['Block allowances', 'BlockAllowance'] }}
      list={AllowanceList}
    />
    <Resource
      name="bookings"
      icon={EventNoteIcon}
      options={{ label: 'Bookings', alsoCalled: ['Allowance bookings', 'AllowanceBooking'] }}
      list={BookingList}
    />
    <Resource
      name="manifests"
      icon={InventoryIcon}
      options={{ label: 'Manifests', alsoCalled: ['Allowance miner manifests', 'AllowanceMinerManifest'] }}
      list={ManifestList}
    />
    <Resource
      name="receipts"
      icon={ReceiptLongIcon}
      options={{
        label: 'Receipts',
        alsoCalled: ['Job started receipts', 'Job accepted receipts', 'Job finished receipts'],
      }}
      list={ReceiptList}
    />
    <Resource
      name="cycles"
      icon={AutorenewIcon}
      options={{ label: 'Cycles', alsoCalled: ['Weights', 'Scores', 'Main hotkeys'] }}
      list={CycleList}
      show={CyclePage}
    />
    <Resource
      name="events"
      icon={NotificationsIcon}
      options={{ label: 'System events', alsoCalled: ['SystemEvent'] }}
      list={EventList}
    />
  </>
);
