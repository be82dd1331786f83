import type { Fault } from './fault.ts';

const validator = 'apps/validator/src';
const chain = 'tests/chain';

/** What is known to go wrong in ComputeHorde's validator. */
export const validatorFaults: Fault[] = [
  {
    where: '`facilitator_client`',
    ways: [
      {
        fault:
          'What it has to tell the facilitator is in memory: a connection that breaks takes the end of a job along.',
        spec: `${validator}/facilitator/status-delivery.spec.ts`,
        test: 'is away while a job ends: it is told everything when it is back',
      },
      {
        fault: 'Nobody goes on with the jobs of a process that has ended.',
        spec: `${validator}/driver/validator-restart.spec.ts`,
        test: 'is killed while a job runs: the next one goes on with it, and keeps its deadlines',
      },
    ],
  },
  {
    where: 'statuses over Redis',
    ways: [
      {
        fault: 'A status that nobody listens for is gone.',
        spec: `${validator}/facilitator/status-delivery.spec.ts`,
        test: 'has come back after a long time: everything arrives once, each job in its order, with rising numbers',
      },
      {
        fault: 'When the worker of a job dies, whoever passes its statuses on waits for ever.',
        spec: `${validator}/miner/durable-miner.spec.ts`,
        test: 'the validator is killed while a job runs: one that waited beside it takes the job and the facilitator over',
      },
    ],
  },
  {
    where: 'tasks',
    ways: [
      {
        fault: 'An update loses the job that runs, and those that were fetched with it.',
        spec: `${validator}/driver/validator-restart.spec.ts`,
        test: 'is stopped while a job waits for its executor: the next one goes on at once',
      },
      {
        fault: 'A job of a worker that is gone is taken up by nobody, or by two.',
        spec: `${validator}/jobs/jobs.spec.ts`,
        test: 'is given to exactly one',
      },
    ],
  },
  {
    where: '`booking`',
    ways: [
      {
        fault: 'A booking never ends: a lost job holds allowance until its blocks are too old.',
        spec: `${validator}/allowance/allowance.spec.ts`,
        test: 'frees its blocks when its time has passed',
      },
    ],
  },
  {
    where: '`tasks`',
    ways: [
      {
        fault: 'A job of more than ten minutes is reported as failed, and later as completed.',
        spec: `${validator}/jobs/stages.spec.ts`,
        test: 'last as long as the job asks for: the fault that one of more than 600 s had failed and completed afterwards',
      },
    ],
  },
  {
    where: '`scoring/tasks`',
    ways: [
      {
        fault: 'Weights count as set once Pylon has taken them, which may forget them.',
        spec: `${chain}/validator-weights.spec.ts`,
        test: 'that Pylon took and forgot are given to it again, where ComputeHorde takes them for set',
      },
      {
        fault: 'A cycle whose weights could not be handed in is not tried again.',
        spec: `${chain}/validator-weights.spec.ts`,
        test: 'are handed in again when Pylon refuses them, within the window, and are the same',
      },
    ],
  },
  {
    where: '`beat`',
    ways: [
      {
        fault: 'A task that does not exist is scheduled each minute.',
        cannot: 'It was to reveal weights, which Pylon does; nothing of that kind is scheduled here.',
      },
    ],
  },
  {
    where: '`miner_sync`',
    ways: [
      {
        fault: 'A reading of the chain that fails takes from miners where they are.',
        spec: `${validator}/allowance/manifest-sync.spec.ts`,
        test: 'leaves the addresses of miners, and what they earn, as they were',
      },
      {
        fault: 'It takes their coldkeys, too, and scores are not put together by coldkey.',
        spec: `${chain}/validator-weights.spec.ts`,
        test: 'so that coldkeys are known however late the validator began, and hotkeys that have left get no share',
      },
    ],
  },
  {
    where: '`manifests`',
    ways: [
      {
        fault: 'A miner that does not answer once loses all that its blocks have given.',
        spec: `${validator}/allowance/manifest-sync.spec.ts`,
        test: 'once loses nothing, and twice in a row everything',
      },
      {
        fault: 'A second drop brings back what the first has taken.',
        spec: `${validator}/allowance/spending.spec.ts`,
        test: 'does not get back at a second drop what it lost at the first',
      },
      {
        fault: 'Validators see a drop at different blocks, and judge a receipt differently.',
        open: 'Each asks on its own, every five minutes, and there is no shared book. A hiccup is no drop here, and a manifest on the chain, where those are used, can be read by all.',
      },
    ],
  },
  {
    where: '`spending`',
    ways: [
      {
        fault: 'Which of two receipts for the same blocks counts is left to the order of the database.',
        spec: `${validator}/receipts/receipt-queries.spec.ts`,
        test: 'come in one order at every validator: the fault that the order of arrival decided who was paid',
      },
      {
        fault: 'So is which of two jobs that finished at once is paid.',
        spec: `${validator}/allowance/allowance-paid-jobs.spec.ts`,
        test: 'are spent by the lower uuid where both finished at once: %j',
      },
      {
        fault: 'All blocks that a receipt lists are spent, also those beyond its cost.',
        open: 'So they are here, since validators have to agree. Our own receipts list no more blocks than their job costs.',
      },
    ],
  },
  {
    where: 'receipts',
    ways: [
      {
        fault: 'Receipts of hotkeys that may not validate count.',
        spec: `${validator}/receipts/transfer/receipt-transfer.spec.ts`,
        test: 'a bad line is counted, and stops nothing: > %s',
      },
      {
        fault: 'A miner may show receipts of another one.',
        spec: `${validator}/receipts/transfer/receipt-transfer.spec.ts`,
        test: 'that shows the receipts of another one gets them not counted twice, nor taken from that one',
      },
      {
        fault: "Who is first to sign a receipt for a job's uuid owns it.",
        spec: `${validator}/receipts/store-receipts.spec.ts`,
        test: 'that others sign for a job of this validator harm nobody: first come does not own its uuid',
      },
      {
        fault: 'A finished receipt goes with the started one of somebody else, if the uuid is the same.',
        spec: `${validator}/receipts/receipt-queries.spec.ts`,
        test: 'leave out what was not organic, and what has no started receipt of the same validator and miner',
      },
      {
        fault: 'A score with a fraction, or that is no number, ends the scoring of everybody.',
        spec: `${validator}/receipts/receipt-queries.spec.ts`,
        test: 'with a score that cannot be read come without a cost: the fault that ended the scoring of everybody',
      },
    ],
  },
  {
    where: 'retention',
    ways: [
      {
        fault: 'Blocks are removed before the last who score a cycle have looked at them.',
        spec: `${validator}/allowance/follow-chain.spec.ts`,
        test: 'are kept, with what miners offered at them; older ones are not',
      },
      {
        fault: 'So are receipts.',
        spec: `${validator}/retention/old-records.spec.ts`,
        test: 'are receipts of all validators while their cycle can be scored: the fault of keeping less than that looks back to',
      },
      {
        fault: 'After a fresh start not all blocks are fetched that scoring needs.',
        spec: `${validator}/allowance/follow-chain.spec.ts`,
        test: 'are taken as far back as the chain has them',
      },
    ],
  },
  {
    where: '`job_excuses`',
    ways: [
      {
        fault: 'A miner that says that it is busy is judged by its oldest manifest.',
        spec: `${validator}/incidents/excuses.spec.ts`,
        test: 'is measured by the newest manifest: the fault that took the oldest',
      },
      {
        fault: 'One without a manifest is always excused.',
        spec: `${validator}/incidents/excuses.spec.ts`,
        test: 'is not excused without a manifest: the fault that excused everything then',
      },
    ],
  },
  {
    where: 'blacklist and incidents',
    ways: [
      {
        fault: 'Miners on the blacklist get jobs.',
        spec: `${validator}/routing/over-booking.spec.ts`,
        test: 'passes over miners on the blacklist until their entry expires, and says so',
      },
      {
        fault: 'A miner that cannot be reached, or lets its time run out, has no incident.',
        spec: `${validator}/incidents/incident-of.spec.ts`,
        test: 'a miner that cannot be reached, or does not answer, has one; what failed in the validator is none',
      },
      {
        fault: "A miner has one for a program of its user's that ends with an exit code.",
        spec: `${validator}/incidents/incident-of.spec.ts`,
        test: 'a job that ends by itself (%s) is no incident',
      },
    ],
  },
  {
    where: 'routing',
    ways: [
      {
        fault: 'The lock is of one process: two of them give one executor to two jobs.',
        spec: `${validator}/routing/over-booking.spec.ts`,
        test: 'two processes that choose at once give each executor to one job',
      },
      {
        fault: "An executor that is busy with another validator's job is given a job.",
        spec: `${validator}/routing/over-booking.spec.ts`,
        test: 'an executor that another validator’s receipts show busy gets no job',
      },
      {
        fault: 'What others have running is known from receipts, whose transfer is off by default.',
        open: 'It is off here, too, unless `DYNAMIC_RECEIPT_TRANSFER_ENABLED` is set. Without it a busy miner says so, and the next one is asked.',
      },
    ],
  },
  {
    where: 'signatures of jobs',
    ways: [
      {
        fault:
          'The uuid is not signed, and neither is the time looked at: a signed job can be driven again and again.',
        spec: `${validator}/facilitator/several-facilitators.spec.ts`,
        test: 'counts for six jobs, and for no seventh, whoever sends it: the fault that signed jobs could be replayed',
      },
      {
        fault: 'A signature never gets too old.',
        spec: `${validator}/facilitator/several-facilitators.spec.ts`,
        test: '%s does not count',
      },
      {
        fault: 'A cheat report can be replayed.',
        spec: `${validator}/facilitator/cheat-reports.spec.ts`,
        test: 'a cheat report is kept once, and only when its signer may sign',
      },
      {
        fault: 'Whose jobs are run is kept by hand.',
        open: 'Whose jobs a validator pays for is for its operator to say: by `whitelist_hotkey`, or in the panel.',
      },
    ],
  },
  {
    where: 'cheated jobs',
    ways: [
      {
        fault: 'They are paid.',
        spec: `${chain}/validator-weights.spec.ts`,
        test: 'earns nothing, where ComputeHorde pays for it',
      },
      {
        fault: 'A report that comes before the end of its job is dropped.',
        spec: `${validator}/cheats/cheats.spec.ts`,
        test: 'is acted on when the job has completed',
      },
      {
        fault: 'Nothing is taken from a miner whose other address was not stored in time.',
        cannot:
          'Deposits are listed by hotkey, and slashing is only noted: collateral on the chain is not there yet.',
      },
    ],
  },
  {
    where: '`collateral`',
    ways: [
      {
        fault: 'The miner with uid 0 is left out.',
        spec: `${validator}/routing/candidates.spec.ts`,
        test: 'whoever has deposited enough may have jobs, with any uid, and nobody else',
      },
      {
        fault: 'A deposit that is gone still counts.',
        spec: `${validator}/collateral/collateral.spec.ts`,
        test: 'one that is no longer listed is gone at once; a file that cannot be read changes nothing',
      },
      {
        fault: "The contract's address is looked up once.",
        cannot: 'No contract is asked.',
      },
      {
        fault: 'A slash keeps the row of its job locked for up to five minutes.',
        spec: `${validator}/cheats/cheats.spec.ts`,
        test: 'no transaction is open while collateral is taken',
      },
      {
        fault: 'A crash between a slash and its record takes twice.',
        spec: `${validator}/cheats/cheats.spec.ts`,
        test: 'one that was begun is never begun again, and what is not known is said',
      },
    ],
  },
  {
    where: '`scoring/engine`',
    ways: [
      {
        fault: 'The settings of bonus and share of a main hotkey have no effect.',
        spec: `${validator}/scoring/scores.spec.ts`,
        test: 'a bonus of a half, and nine tenths for the main hotkey',
      },
      {
        fault: 'The default of the burn targets is the sentence that explains them.',
        spec: `${validator}/dynamic-config/validator-config.spec.ts`,
        test: 'settings are as in ComputeHorde until somebody changes them, and nothing is burnt at a sentence',
      },
    ],
  },
  {
    where: '`scoring/engine`',
    ways: [
      {
        fault: 'Hotkeys that have left get a share of what their coldkey has earned, which is lost.',
        spec: `${validator}/scoring/scores.spec.ts`,
        test: 'get no share of what their coldkey earned, where ComputeHorde gives them one that is lost',
      },
      {
        fault: 'In its first cycle a validator knows no main hotkey of before, and gives no bonus.',
        open: 'So it is here: nobody can be asked for what was.',
      },
      {
        fault: 'Main hotkeys are kept under numbers that are not the beginnings of cycles.',
        cannot:
          'They are kept under the first block of their cycle, which everything else takes from the same function.',
      },
    ],
  },
  {
    where: '`scoring`',
    ways: [
      {
        fault: 'When nobody has earned anything, weights of 0 are handed in for everybody.',
        spec: `${chain}/validator-weights.spec.ts`,
        test: 'nothing is handed in, and event, metric and health say so',
      },
    ],
  },
  {
    where: '`miner_driver`',
    ways: [
      {
        fault: 'Events of a job have the validator where its miner should be.',
        spec: `${validator}/events/events.spec.ts`,
        test: 'an event of a job names its miner: the fault that it named the validator itself',
      },
      {
        fault: 'After a lost connection the validator does not say again who it is, and is not heard.',
        spec: `${validator}/miner/miner-connection.spec.ts`,
        test: 'before the miner has answered: the validator asks again, with the receipt of the first time',
      },
    ],
  },
  {
    where: '`BlockAllowance`',
    ways: [
      {
        fault: 'Each block is thousands of rows, most of them of nothing.',
        spec: `${validator}/allowance/follow-chain.spec.ts`,
        test: 'is not what is stored: a block is one row, and stakes that stay as they are another one for all',
      },
    ],
  },
  {
    where: 'retention',
    ways: [
      {
        fault: 'Some tables grow for ever.',
        spec: `${validator}/retention/old-records.spec.ts`,
        test: 'every table is known to end: the fault that some grew for ever',
      },
    ],
  },
  {
    where: 'looks at the chain',
    ways: [
      {
        fault: 'Each look is an event, and every part of the validator looks for itself.',
        spec: `${validator}/allowance/manifest-sync.spec.ts`,
        test: 'looks at once are one, and none is an event',
      },
      {
        fault: 'All of the subnet is read every ten seconds, and again for each block.',
        open: 'It is read every 30 s here, for where miners are, and for each block who may validate, and its time: a stake counts from the block on at which it changed.',
      },
    ],
  },
  {
    where: '`bookkeeper`, events',
    ways: [
      {
        fault: 'All blocks are read again for each class.',
        spec: `${validator}/allowance/allowance-paid-jobs.spec.ts`,
        test: 'blocks are read once for all classes: the fault that each class read the whole range anew',
      },
      {
        fault: 'The event of a choice holds all manifests and scores.',
        spec: `${validator}/routing/decision.spec.ts`,
        test: 'a decision among 256 miners takes less than 2 kB, and counts those that it leaves out',
      },
    ],
  },
  {
    where: 'transactions',
    ways: [
      {
        fault: 'Events are sent without a time limit, within a transaction.',
        spec: `${validator}/events/events.spec.ts`,
        test: 'is sent with no transaction open, and not for ever: the faults of a collector that never answers',
      },
      {
        fault: 'Weights are handed in within one.',
        spec: `${chain}/validator-weights.spec.ts`,
        test: 'before it hears that Pylon has the weights does not hand them in again',
      },
    ],
  },
  {
    where: '`admin`',
    ways: [
      {
        fault: 'Who may only look at the panel can change what it shows.',
        spec: `${validator}/panel/panel-api.spec.ts`,
        test: 'lets nobody in who is not logged in, and lets the role read only look',
      },
      {
        fault: 'So it is on the pages of its records.',
        spec: `${validator}/panel/record-pages.spec.ts`,
        test: 'is shown to nobody who is not logged in, and changed by nobody who may only look',
      },
      {
        fault: 'Metrics need no login.',
        spec: 'libs/operations/src/metrics-access.spec.ts',
        test: 'metrics of a service without METRICS_TOKEN are told to nobody there, and the answer and the log say why',
      },
    ],
  },
  {
    where: 'connections to miners',
    ways: [
      {
        fault: 'They are not encrypted.',
        open: 'They are not here either: the chain tells an address and a port, and miners of ComputeHorde speak plain websockets there. What counts is signed.',
      },
      {
        fault: 'An authentication that was overheard counts until it is too old.',
        spec: 'apps/miner/src/validators/validator.gateway.spec.ts',
        test: 'when it was used before, in either case of its letters',
      },
    ],
  },
  {
    where: 'what everything hangs on',
    ways: [
      {
        fault: 'There is one facilitator.',
        spec: `${validator}/facilitator/several-facilitators.spec.ts`,
        test: 'are served each although another is away',
      },
      {
        fault: 'One Redis has queues, results, caches and jobs.',
        cannot: 'Everything is in Postgres; Redis can be had for the queues, and is not needed.',
      },
      {
        fault: 'Nothing goes on without Pylon.',
        open: 'Stakes, blocks and weights need it here, too. Jobs go on with what was known; what it does not tell is asked of the chain’s own nodes.',
      },
      {
        fault: 'The newest block comes over one connection, which is kept when it is broken.',
        spec: 'libs/chain/src/subtensor-chain.spec.ts',
        test: 'goes over a new connection when the node has closed the old one',
      },
      {
        fault: 'Six containers have the hotkey.',
        spec: 'apps/runner/src/project.spec.ts',
        test: 'has no more rights, mounts and ports than the table says, and starts again by itself',
      },
      {
        fault: 'Containers that only look after the others have the socket of the engine.',
        open: 'The runner has it, which starts them and updates itself.',
      },
      {
        fault: 'Images are fetched by tags that move.',
        cannot: 'A release names its images by digest, and a runner starts no others.',
      },
    ],
  },
];
