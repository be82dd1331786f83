/** The statuses of jobs, as a filter offers them. */
export const statusChoices = [
  ['sent', 'Sent'],
  ['received', 'Received'],
  ['accepted', 'Accepted'],
  ['executor_ready', 'Executor Ready'],
  ['volumes_ready', 'Volumes Ready'],
  ['streaming_ready', 'Streaming Ready'],
  ['execution_done', 'Execution Done'],
  ['completed', 'Completed'],
  ['rejected', 'Rejected'],
  ['failed', 'Failed'],
  ['horde_failed', 'Failed, by the network'],
].map(([id, name]) => ({ id, name }));
