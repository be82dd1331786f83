/** `GET /admin/api/jobs/{uuid}/frames`: what the service has exchanged about a job, in the order in which it was. */
export interface PanelJobFrames {
  results: PanelJobFrame[];
  /** More than this is not kept of a job. */
  is_full: boolean;
}

export interface PanelJobFrame {
  at: string;
  /** `miner`, `facilitator`, `validator` or `executor`. */
  peer: string;
  is_sent: boolean;
  /** What the job is called in it: a further attempt has a name of its own. */
  called: string;
  type: string;
  /** Of the frame as it was exchanged. @unit characters */
  size: number;
  /** JSON without secrets, cut where it is long; null: it was too large to be read. */
  body: string | null;
}
