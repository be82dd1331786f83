import type { Fault } from './fault.ts';

const facilitator = 'apps/facilitator/src';
const sdk = 'libs/sdk/src';

/** What is known to go wrong in ComputeHorde's facilitator and in its SDK. */
export const facilitatorFaults: Fault[] = [
  {
    where: 'delivery of jobs',
    ways: [
      {
        fault: 'A job is pushed to its validator once; when that is lost it stays `sent` for a week.',
        spec: `${facilitator}/validator-link/job-delivery.spec.ts`,
        test: 'again to the next connection, until a status of it has arrived',
      },
      {
        fault: 'The facilitator dies between storing a job and pushing it.',
        spec: `${facilitator}/validator-link/job-delivery.spec.ts`,
        test: 'by another replica, when the one that took it has ended before it could be sent',
      },
      {
        fault: 'A job that waits in Redis is lost when Redis restarts, or expires there.',
        cannot:
          'What is to be sent lies in the outbox of the database. Redis, where there is one, rings a bell.',
      },
      {
        fault: 'A connection that broke without a word goes on taking jobs for minutes, which are lost.',
        spec: `${facilitator}/validator-link/job-delivery.spec.ts`,
        test: 'to the next connection, when the replica that has the newest one has crashed',
      },
    ],
  },
  {
    where: 'deadlines of jobs',
    ways: [
      {
        fault: 'Nothing ends a job whose validator is gone.',
        spec: `${facilitator}/validator-link/job-statuses.spec.ts`,
        test: 'because its validator stays away ends, too, and does not go to the next connection',
      },
      {
        fault: 'Nothing ends a job whose validator is there and says nothing more.',
        spec: `${facilitator}/validator-link/job-statuses.spec.ts`,
        test: 'while it is %s ends once, whichever replica looks, and its validator is told',
      },
      {
        fault: 'A client that sets no time limit waits for ever.',
        cannot: 'Every job ends in time at our facilitator, and the wait with it.',
      },
    ],
  },
  {
    where: 'connections of validators',
    ways: [
      {
        fault: 'Each of two connections of a validator gets a job, which then runs twice.',
        spec: `${facilitator}/validator-link/job-delivery.spec.ts`,
        test: 'to the newest of two connections alone, and to the older one when that has gone',
      },
    ],
  },
  {
    where: 'creation of jobs',
    ways: [
      {
        fault: 'The SDK repeats a creation whose answer was lost, and each repetition is a further job.',
        spec: `${facilitator}/jobs/jobs.spec.ts`,
        test: 'is the same job, and the validator gets it once',
      },
      {
        fault: 'A client has no key by which a creation that it signs anew is the same one.',
        spec: `${facilitator}/jobs/idempotency-keys.spec.ts`,
        test: 'is the same job, at any replica, and the validator gets it once',
      },
    ],
  },
  {
    where: 'cheat reports',
    ways: [
      {
        fault: 'A validator that is away never hears of a report, which cannot be made a second time.',
        spec: `${facilitator}/cheat-reports/cheat-reports.spec.ts`,
        test: 'reaches a validator that was away, until it has lived on for a minute: the fault that it was lost',
      },
      {
        fault: 'What the validator verifies is not what the SDK has signed.',
        spec: 'apps/validator/src/jobs/request-signature.spec.ts',
        test: "counts over the report, as ComputeHorde's validator reads it, and over its text, as its SDK signs it",
      },
      {
        fault: 'A report without details goes out in a form that no validator reads.',
        spec: `${facilitator}/cheat-reports/cheat-reports.spec.ts`,
        test: 'signed %s over %j is passed on as it verifies, and leaves the job as it was',
      },
    ],
  },
  {
    where: 'status updates',
    ways: [
      {
        fault: 'A validator does not know which update was answered; one that is lost is not sent again.',
        spec: 'apps/validator/src/facilitator/status-delivery.spec.ts',
        test: 'leaves before it has answered: the update comes again, and only then',
      },
      {
        fault: 'An update that is refused is written to a log, and the job never ends.',
        spec: 'apps/validator/src/facilitator/status-delivery.spec.ts',
        test: 'cannot read the results: it is told why the job has failed, and other jobs go on',
      },
      {
        fault: 'Of two updates at once the later overwrites what the earlier has stored.',
        spec: `${facilitator}/validator-link/job-statuses.spec.ts`,
        test: 'that arrive at once keep what each of them tells',
      },
    ],
  },
  {
    where: 'connections of validators',
    ways: [
      {
        fault: 'Connections of a process that has crashed count until they are cleared away.',
        spec: `${facilitator}/validator-link/validator-connection.spec.ts`,
        test: 'counts for three minutes after its last heartbeat',
      },
      {
        fault: 'Such a connection keeps jobs from one that is alive.',
        spec: `${facilitator}/validator-link/job-delivery.spec.ts`,
        test: 'to an older connection after its next heartbeat, when the newest one at another replica has ended',
      },
    ],
  },
  {
    where: 'rights of validators',
    ways: [
      {
        fault: 'Any validator may say how the job of another has ended.',
        spec: `${facilitator}/foreign-access.spec.ts`,
        test: 'not that it is %s, whether it has ended or not',
      },
      {
        fault: 'Any validator may describe machines in the name of another.',
        spec: `${facilitator}/machines/machines.spec.ts`,
        test: 'is not stored in the name of another validator, or of a miner that has left',
      },
    ],
  },
  {
    where: 'login of validators',
    ways: [
      {
        fault: 'The text of a login is always the same: whoever has heard one may use it for ever.',
        spec: `${facilitator}/validator-link/validator-connection.spec.ts`,
        test: 'on login-1 counts for nobody else, here and elsewhere, now and later',
      },
      {
        fault: 'Whoever has heard one takes the jobs of a validator that is there.',
        spec: `${facilitator}/validator-link/validator-connection.spec.ts`,
        test: 'of plain v0 counts for nobody while the validator logs in with login-1, and ends what it has opened',
      },
      {
        fault: "A Python validator's login can be heard and used again.",
        open: 'It knows no other login, and is let in with it. Only a validator that speaks `login-1` is safe from that.',
      },
    ],
  },
  {
    where: 'signatures of users',
    ways: [
      {
        fault: 'A signature never gets too old.',
        spec: `${facilitator}/jobs/replayed-requests.spec.ts`,
        test: '%s creates nothing, and its user hears why',
      },
      {
        fault: 'A signature counts any number of times.',
        spec: `${facilitator}/jobs/replayed-requests.spec.ts`,
        test: 'when its signature is too old is still answered with the job that it has created',
      },
      {
        fault: 'It covers neither validator nor namespace: a captured request makes a job elsewhere.',
        spec: `${facilitator}/jobs/replayed-requests.spec.ts`,
        test: '%s, which is not signed, creates no second job',
      },
      {
        fault: 'Whoever is logged in may bring the signature of somebody else.',
        spec: `${facilitator}/jobs/replayed-requests.spec.ts`,
        test: 'of another hotkey than the one that is logged in does not count, unless the operator wants it',
      },
      {
        fault: 'Where all of the output goes is not signed: a facilitator can have it sent to itself.',
        spec: 'apps/validator/src/jobs/request-signature.spec.ts',
        test: 'does not count for a job whose output is to go where the user has not signed that it may go',
      },
      {
        fault: 'It covers neither the method nor the path of the request.',
        open: 'The text is the one that ComputeHorde signs. To use it at another path one has to be logged in as its signer, and the body has to fit there: feedback on one job of a user can be left on another of theirs.',
      },
    ],
  },
  {
    where: 'login of users',
    ways: [
      {
        fault: 'A nonce can be used again for as long as it is valid.',
        spec: `${facilitator}/auth/auth.spec.ts`,
        test: 'uses its nonce up',
      },
      {
        fault: 'So it can at another replica.',
        spec: `${facilitator}/two-replicas.spec.ts`,
        test: 'a nonce of the one counts at the other, and once',
      },
      {
        fault: 'A token counts until it expires, whatever becomes of its owner.',
        spec: `${facilitator}/auth/auth.spec.ts`,
        test: 'is refused once its hotkey has been taken off the whitelist',
      },
      {
        fault: 'Logins may be tried without a limit.',
        spec: `${facilitator}/two-replicas.spec.ts`,
        test: 'logins at both are counted together',
      },
      {
        fault: 'One user may send any number of requests.',
        spec: `${facilitator}/auth/auth.spec.ts`,
        test: 'that comes after too many of a minute is told when the next one may, and another hotkey is not',
      },
      {
        fault: 'One user may have any number of jobs.',
        spec: `${facilitator}/jobs/quotas.spec.ts`,
        test: 'of creations at two replicas at once as many succeed as the user may have unfinished jobs, and the next when one has ended',
      },
    ],
  },
  {
    where: 'secrets of jobs',
    ways: [
      {
        fault: 'Tokens, signed URLs and variables of jobs are in the log.',
        spec: `${facilitator}/foreign-access.spec.ts`,
        test: 'tokens, keys and what a job holds are not in the log, whatever is logged and whatever fails',
      },
      {
        fault: 'Operators see them in the panel.',
        spec: `${facilitator}/panel/panel-api.spec.ts`,
        test: 'shows all of a job but its secrets',
      },
      {
        fault: 'Whole frames with them are kept for the sake of finding faults.',
        spec: 'libs/database/src/job-frames/job-frames.spec.ts',
        test: '%s, in any field of any message',
      },
      {
        fault: 'They are stored in clear.',
        open: "They are in the job's row until the job is removed: its user reads the job back, and its validator may need it again. Backups can be encrypted.",
      },
    ],
  },
  {
    where: 'web server',
    ways: [
      {
        fault: 'Requests for any host name are answered.',
        cannot:
          'The name is used for the links of the same answer alone. Who may do something is decided by tokens, and in the panel by the page that asks.',
      },
      {
        fault: 'Whoever gets past the proxy reads the metrics.',
        spec: 'libs/operations/src/metrics-access.spec.ts',
        test: 'metrics are told at the service’s port to whoever brings METRICS_TOKEN, and to nobody else',
      },
      {
        fault: 'There is a secret that everybody knows, unless another one is set.',
        spec: `${facilitator}/settings.spec.ts`,
        test: 'without a secret key of its own (%j) there is no facilitator',
      },
      {
        fault: 'Wallets that stand in the repository may be used in earnest.',
        cannot: 'There are none: keys are made at the first use.',
      },
    ],
  },
  {
    where: 'feedback',
    ways: [
      {
        fault: 'Who logs in with a hotkey can leave none.',
        spec: `${facilitator}/feedback/feedback.spec.ts`,
        test: 'is stored by %s, once, and can be read',
      },
    ],
  },
  {
    where: 'wrong requests',
    ways: [
      {
        fault: 'A wrong or a missing signature is answered with 500, which the SDK tries five times.',
        spec: `${facilitator}/jobs/jobs.spec.ts`,
        test: 'a creation is refused > %s',
      },
      {
        fault: 'So is a class that does not exist, a variable that is no text, a null.',
        spec: `${facilitator}/jobs/job-request.spec.ts`,
        test: 'a wrong field is named, in the words users know > %j',
      },
      {
        fault: 'So is a list that is filtered by no uuid.',
        spec: `${facilitator}/jobs/jobs.spec.ts`,
        test: 'says what is wrong with a uuid',
      },
      {
        fault: 'So is a look for feedback that nobody has left.',
        spec: `${facilitator}/feedback/feedback.spec.ts`,
        test: 'that is not there is 404, and so is a path without its slash',
      },
      {
        fault: 'So is a job with a status that nobody knows.',
        spec: `${facilitator}/validator-link/job-statuses.spec.ts`,
        test: 'are stored once, never go back, and end',
      },
      {
        fault: 'So may be anything else that nobody has thought of.',
        spec: 'tests/fuzz/creations.spec.ts',
        test: 'are taken, or refused with what is wrong by field or in a sentence',
      },
    ],
  },
  {
    where: 'fields of jobs',
    ways: [
      {
        fault: "The SDK's own default for the artifacts folder is refused.",
        spec: `${facilitator}/jobs/job-request.spec.ts`,
        test: 'with artifacts_dir null, which the Python SDK sends by default',
      },
      {
        fault: 'Spaces at the ends of texts are cut off, and the signature does not fit any more.',
        spec: `${facilitator}/jobs/job-request.spec.ts`,
        test: 'with spaces at the ends of texts, which are kept',
      },
      {
        fault: 'An argument that is empty is refused.',
        open: 'It is here, too, as clients of ComputeHorde know it. One of spaces alone is taken.',
      },
    ],
  },
  {
    where: 'limits of jobs',
    ways: [
      {
        fault: 'Time limits may be negative or endless, and images anything.',
        spec: `${facilitator}/jobs/job-request.spec.ts`,
        test: 'a wrong field is named, in the words users know > %j',
      },
      {
        fault: 'A job may have any number of arguments, variables, volumes and uploads.',
        spec: `${facilitator}/jobs/job-request.spec.ts`,
        test: 'has no more in %s than a validator reads',
      },
      {
        fault: 'What is taken may be more than the validator reads, and breaks its connection.',
        spec: `${facilitator}/validator-link/job-delivery.spec.ts`,
        test: 'to a Python validator only when it can read it',
      },
    ],
  },
  {
    where: 'login of users',
    ways: [
      {
        fault: 'A nonce that is too old is called invalid.',
        open: 'It is here, too: `Invalid nonce` is what clients of ComputeHorde have heard for either. Another nonce is the remedy for both.',
      },
      {
        fault: 'Lifetimes from the environment are texts, and break the login.',
        spec: `${facilitator}/settings.spec.ts`,
        test: 'NONCE_LIFETIME, JWT_LIFETIME and SIGNATURE_EXPIRE_DURATION from the environment are numbers',
      },
    ],
  },
  {
    where: 'status updates',
    ways: [
      {
        fault: 'A late status takes the place of a later one, or of the end.',
        spec: `${facilitator}/validator-link/job-statuses.spec.ts`,
        test: 'are stored once, never go back, and end',
      },
      {
        fault: 'A job may have two ends.',
        spec: `${facilitator}/validator-link/job-statuses.spec.ts`,
        test: 'of two ends that arrive at once is one',
      },
    ],
  },
  {
    where: 'connections of validators',
    ways: [
      {
        fault: 'An end without metadata, or with odd ones, breaks the connection, and all jobs of it.',
        spec: `${facilitator}/validator-link/job-statuses.spec.ts`,
        test: 'that make no sense end neither the connection nor anything else',
      },
      {
        fault: 'So does a uuid that is none.',
        spec: `${facilitator}/validator-link/job-statuses.spec.ts`,
        test: 'of a uuid that is none are answered like those of an unknown job',
      },
      {
        fault: 'So does a machine that is described in another way than expected.',
        spec: `${facilitator}/machines/machines.spec.ts`,
        test: '(%s) is kept, and ends nothing',
      },
    ],
  },
  {
    where: 'lists of jobs',
    ways: [
      {
        fault: 'They have no order: pages repeat jobs, and miss some.',
        spec: `${facilitator}/jobs/job-lists.spec.ts`,
        test: 'has every job once, newest first, also of those that were created in one moment',
      },
      {
        fault: 'Each job of a list comes with all of its output.',
        spec: `${facilitator}/jobs/job-lists.spec.ts`,
        test: 'has its facts alone, as its whole resource has them, and the status by its name',
      },
      {
        fault: 'A page of large results is in memory at once.',
        spec: `${facilitator}/jobs/large-results.spec.ts`,
        test: 'is answered whole, in order, without being in memory',
      },
    ],
  },
  {
    where: 'what nobody calls',
    ways: [
      {
        fault: 'Nothing looks at the switch that stops the creation of jobs.',
        spec: `${facilitator}/commands/commands.spec.ts`,
        test: 'set_dynamic_config stops the creation of jobs in processes that run, until it is unset',
      },
      {
        fault: 'The command that fetches receipts lacks a part.',
        spec: `${facilitator}/receipts/receipt-fetch.spec.ts`,
        test: 'are fetched from all its pages of the last hours, each once',
      },
      {
        fault: 'Nobody refreshes the table of machines.',
        spec: `${facilitator}/machines/machines.spec.ts`,
        test: 'is kept once however often and fully loaded it is, and shown as it was seen last',
      },
      {
        fault: 'Nothing looks at how long a signature counts.',
        spec: `${facilitator}/jobs/replayed-requests.spec.ts`,
        test: 'of another hotkey than the one that is logged in does not count, unless the operator wants it',
      },
      {
        fault: 'There is a queue of jobs that nobody reads.',
        cannot:
          'The outbox is the one place in which something waits to be sent, and the link to validators reads it.',
      },
    ],
  },
  {
    where: 'SDK: waiting',
    ways: [
      {
        fault: 'It asks every three seconds, and is told nothing.',
        spec: `${sdk}/events/events.spec.ts`,
        test: 'a wait hears of each status as it comes, without asking',
      },
      {
        fault: 'The wait for a streaming job does not end when that has failed.',
        spec: `${sdk}/streaming/streaming.spec.ts`,
        test: 'that fails before it listens is an error that says why, at once',
      },
      {
        fault: 'Nor does it when it has missed the status.',
        spec: `${sdk}/streaming/streaming.spec.ts`,
        test: 'that has listened for long is found without its facilitator’s stream, too',
      },
      {
        fault: 'A wait lasts longer than its time limit.',
        spec: `${sdk}/client.spec.ts`,
        test: 'ends with an error when its time is over, and with the reason when it is aborted',
      },
    ],
  },
  {
    where: 'SDK: streaming',
    ways: [
      {
        fault:
          'All jobs of a client share one certificate; creations at once mix them up, and later jobs inherit it.',
        spec: `${sdk}/streaming/streaming.spec.ts`,
        test: 'has a certificate of its own, even when several are made at once, and a job that streams nothing has none',
      },
      {
        fault: 'A job that is looked for again has lost its certificate.',
        spec: `${sdk}/streaming/streaming.spec.ts`,
        test: 'is reached by its user after a restart of the program, too',
      },
    ],
  },
  {
    where: 'SDK: requests',
    ways: [
      {
        fault: 'It gives up at a 401 that does not say that the token has expired.',
        spec: `${sdk}/requests.spec.ts`,
        test: 'a token whose secret was replaced is renewed, too',
      },
      {
        fault: 'A client cannot be closed.',
        spec: `${sdk}/events/events.spec.ts`,
        test: 'end with the reason of a signal, and the connection with them; so it does when nobody reads on',
      },
      {
        fault: 'A look whose answer does not come is not repeated.',
        spec: `${sdk}/client.spec.ts`,
        test: 'a look whose answer is lost is repeated',
      },
    ],
  },
  {
    where: 'SDK: what it reads',
    ways: [
      {
        fault:
          'A status that it does not know, no status at all or an artifact that is not base64 is an exception.',
        spec: `${sdk}/events/events.spec.ts`,
        test: 'a status that nobody knows, and an artifact that is no base64, break nothing',
      },
      {
        fault: 'Artifacts of a job on a rented machine stay base64.',
        spec: `${sdk}/fallback/fallback.spec.ts`,
        test: 'runs with its environment, and comes back with what it printed and left; the machine is given back',
      },
    ],
  },
  {
    where: 'SDK: what it lacks',
    ways: [
      {
        fault: 'Lists cannot be filtered.',
        spec: `${sdk}/requests.spec.ts`,
        test: 'goes from cursor to cursor, filtered and lean',
      },
      {
        fault: 'Nothing compares a result with that of the trusted miner.',
        spec: `${sdk}/run-until-complete.spec.ts`,
        test: 'and comes to another result is reported',
      },
      {
        fault: 'Nobody can cancel a job.',
        spec: `${facilitator}/validator-link/job-delivery.spec.ts`,
        test: 'is cancelled by its validator, which is told once, whichever replica was asked',
      },
    ],
  },
  {
    where: 'health probe',
    ways: [
      {
        fault: 'A job that the network failed counts as healthy.',
        spec: 'tests/cli/jobs.spec.ts',
        test: 'counts how the network is, and what the network fails as unhealthy',
      },
      {
        fault: 'It waits for less time than its own job may take.',
        cannot:
          "It waits for the sum of its job's limits and the time of the class to start, unless another time is typed.",
      },
    ],
  },
];
