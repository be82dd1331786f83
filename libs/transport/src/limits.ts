/** What a peer may do to a connection. All of it is checked before anything is kept in memory. */
export const limits = {
  /** The largest frame that is read; the network's results can be this large. @unit bytes */
  maxFrame: 50 * 1024 * 1024,
  /** Frames that wait for their handler before the socket is no longer read. */
  waitingFrames: 64,
  /** How large those may be together before the socket is no longer read. @unit characters */
  waitingText: 16 * 1024 * 1024,
  /** How many errors may wait for a peer that does not take them before further ones are dropped. */
  untakenErrors: 64,
  /** Longest error text sent to a peer. @unit characters */
  maxErrorLength: 300,
  /** What may wait in a socket's send buffer before the peer counts as too slow and is cut off. @unit bytes */
  sendBuffer: 128 * 1024 * 1024,
  /** How often a peer is asked for a sign of life. One that gives none twice is gone. @unit ms */
  heartbeat: 20_000,
  /** How slowly a peer may take what it is sent: it cannot answer before it has all of it. @unit bytes per second */
  slowestPeer: 128 * 1024,
  /** How long a peer may take to answer a close when the service stops. @unit ms */
  closing: 1_000,
} as const;
