/** `GET /admin/api/jobs/{uuid}/output` of validator and miner: what a job prints, as far as it is there. */
export interface PanelJobOutput {
  /** Whether anybody has asked for what it prints: nobody else's is kept. */
  is_kept: boolean;
  stdout: PanelOutputStream;
  stderr: PanelOutputStream;
}

/** A part of a stream. @unit bytes */
export interface PanelOutputStream {
  /** Where the text begins: behind where it was asked for, something is missing. */
  from: number;
  /** What follows is asked for from here. */
  to: number;
  /** What is no UTF-8 has been replaced. */
  text: string;
  /** Nothing follows. */
  has_ended: boolean;
}
