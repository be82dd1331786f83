/** What the validator may spend at one miner for one executor class. @unit executor-seconds, its amounts */
export interface PanelAccount {
  id: string;
  miner_hotkey: string;
  executor_class: string;
  /** How many executors its manifest offers. */
  offered: number;
  /** What its blocks give in all. */
  total: number;
  spent: number;
  reserved: number;
  available: number;
}

/** `GET /admin/api/allowance`. */
export interface PanelAllowance {
  /** Whether there is anything to spend, and whether it has to be. */
  sentence: string;
  /** The blocks that can be spent, both included. */
  first_block: number;
  last_block: number;
  results: PanelAccount[];
}

/** One of `GET /admin/api/bookings`. */
export interface PanelBooking {
  id: string;
  miner_hotkey: string;
  executor_class: string;
  /** `over`: its time has passed without a word of its job, and its blocks are free. */
  state: 'reserved' | 'spent' | 'over';
  /** What its job costs. @unit executor-seconds */
  seconds: number;
  /** The first of its ranges of blocks, `7-9, 12`; null: none. */
  blocks: string | null;
  block_count: number;
  created_at: string;
  /** null: it is spent. */
  expires_at: string | null;
  /** null: the job is not kept any more. */
  job_uuid: string | null;
}

/** One of `GET /admin/api/manifests`: from a block on a miner offers so many executors of a class. */
export interface PanelManifestChange {
  id: string;
  block: number;
  /** null: the block is not kept any more. */
  at: string | null;
  miner_hotkey: string;
  executor_class: string;
  count: number;
  /** null: what it was before is not kept. */
  before: number | null;
  /** What the miner's older blocks gave is lost with it. */
  is_drop: boolean;
}

/** One of `GET /admin/api/receipts`. */
export interface PanelReceipt {
  id: string;
  job_uuid: string;
  kind: 'started' | 'accepted' | 'finished';
  miner_hotkey: string;
  validator_hotkey: string;
  /** Whether this validator signed it. */
  is_own: boolean;
  /** Whether the miner's signature is known. */
  is_countersigned: boolean;
  timestamp: string;
  stored_at: string;
  /** Of a started receipt; null otherwise. */
  executor_class: string | null;
  /** Of a started or an accepted receipt; null otherwise. */
  expires_at: string | null;
  /** What the miner is to be paid, of a finished receipt; null: it is another, or says nothing that counts. @unit executor-seconds */
  score: number | null;
  /** The first of the ranges of blocks that pay for the job, of a finished receipt; null otherwise. */
  blocks: string | null;
}

/** One of `GET /admin/api/events`. */
export interface PanelSystemEvent {
  id: string;
  type: string;
  subtype: string;
  at: string;
  description: string;
  data: object;
  /** When the collector of statistics took it; null: it has not. */
  sent_at: string | null;
}
