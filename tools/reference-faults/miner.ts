import type { Fault } from './fault.ts';

const miner = 'apps/miner/src';
const executor = 'apps/executor/src';
const runner = 'libs/job-runner/src';
const managers = 'libs/executor-manager/src';

/** What is known to go wrong in ComputeHorde's miner and executor. */
export const minerFaults: Fault[] = [
  {
    where: '`validator_interface`',
    ways: [
      {
        fault: "Whoever names a validator's hotkey gets what its jobs print, without saying who they are.",
        spec: `${miner}/validators/validator.gateway.spec.ts`,
        test: 'is sent nothing of its hotkey’s jobs, whoever it is',
      },
    ],
  },
  {
    where: '`validator_interface`',
    ways: [
      {
        fault: 'A second authentication has everything done once more that came before the first.',
        spec: `${miner}/validators/validator.gateway.spec.ts`,
        test: 'may do so twice on one connection: what it had sent before is handled once',
      },
      {
        fault: 'What a stranger sends is kept without a limit.',
        spec: `${miner}/validators/validator.gateway.spec.ts`,
        test: 'is not listened to after sixteen frames',
      },
      {
        fault: 'So are halves of frames.',
        spec: `${miner}/http/half-frames.spec.ts`,
        test: 'fill no memory where validators connect',
      },
      {
        fault: 'A stranger may stay for ever.',
        spec: `${miner}/validators/authentication-deadline.spec.ts`,
        test: 'a connection without a good authentication is closed after ten seconds, a refused one no sooner',
      },
      {
        fault: 'An authentication of a time to come counts, and can be used until then.',
        spec: `${miner}/validators/validator.gateway.spec.ts`,
        test: 'when it is more than ten seconds ahead',
      },
      {
        fault: 'An authentication counts more than once.',
        spec: `${miner}/validators/authentication.spec.ts`,
        test: 'an authentication counts once, also where the clock of the database is ahead of the miner’s',
      },
    ],
  },
  {
    where: '`validator_interface`',
    ways: [
      {
        fault:
          'What a validator that is refused has sent is done all the same, before its connection is closed.',
        spec: `${miner}/validators/validator.gateway.spec.ts`,
        test: 'when the validator is no longer active',
      },
      {
        fault: 'A job runs although the signature of its receipt is wrong.',
        spec: `${miner}/jobs/job-intake.spec.ts`,
        test: 'with a started receipt that somebody else has signed is declined',
      },
      {
        fault: 'A job runs although its receipt is of another job or another class.',
        spec: `${miner}/jobs/job-intake.spec.ts`,
        test: 'with a started receipt %s is declined',
      },
    ],
  },
  {
    where: '`executor_interface`',
    ways: [
      {
        fault: 'A second connection with the same token fails the job that runs.',
        spec: `${miner}/executors/executor.gateway.spec.ts`,
        test: 'is its newest connection’s: one that nobody has noticed to be dead does not keep its executor out',
      },
      {
        fault: 'A connection that is refused stays open.',
        spec: `${miner}/executors/executor.gateway.spec.ts`,
        test: 'that belongs to no job is refused: %s',
      },
      {
        fault: 'Anyone may say in a header from where they connect.',
        spec: 'libs/transport/src/trusted-proxies.spec.ts',
        test: 'the address of a peer > %s',
      },
    ],
  },
  {
    where: '`job_runner`, volumes, uploads',
    ways: [
      {
        fault:
          'A volume may be written anywhere, where the engine’s socket and the host’s `/tmp` are at hand.',
        spec: `${runner}/volumes/download-volume.spec.ts`,
        test: 'paths of volumes > refuses %j',
      },
      {
        fault: 'An upload may read from anywhere.',
        spec: `${runner}/uploads/upload-faults.spec.ts`,
        test: 'refuses the path %j before any request',
      },
      {
        fault: 'Links that a job has left are followed when its output is uploaded.',
        spec: `${executor}/job/hostile-job.spec.ts`,
        test: 'does not have the machine’s files uploaded through a link, asked for %s',
      },
      {
        fault: 'They are followed when artifacts are read.',
        spec: `${executor}/job/hostile-job.spec.ts`,
        test: 'does not bring back the machine’s files by a link in its artifacts',
      },
      {
        fault: 'They are followed when what was printed is written beside the output.',
        spec: `${runner}/testing/conformance.ts`,
        test: 'stores the output past what the job left under its name, following no link',
      },
      {
        fault: 'The name of the artifacts folder may be anywhere, and a colon in it adds options of a mount.',
        spec: `${runner}/testing/conformance.ts`,
        test: 'refuses the artifacts folder %j',
      },
    ],
  },
  {
    where: 'URLs of volumes and uploads',
    ways: [
      {
        fault: "A volume may come from the host's own network, or from its cloud's metadata.",
        spec: `${runner}/volumes/download.spec.ts`,
        test: 'addresses outside the public internet > are not talked to: %s',
      },
      {
        fault: 'So it may by a redirect.',
        spec: `${runner}/volumes/download.spec.ts`,
        test: 'are not reached by a redirect either',
      },
      {
        fault: 'So it may by a name whose address changes.',
        spec: `${runner}/volumes/download.spec.ts`,
        test: 'are not reached by a name that has one beside others, or another one the next time',
      },
      {
        fault: 'An upload may go there, and what is answered there is part of the result.',
        spec: `${runner}/uploads/upload-faults.spec.ts`,
        test: 'talks to no address outside the public internet unless allowed',
      },
    ],
  },
  {
    where: '`docker` manager',
    ways: [
      {
        fault: 'The keys of hosts are not looked at.',
        spec: `${managers}/ssh/known-hosts.spec.ts`,
        test: 'is pinned on first use, with its port, and another is refused from then on',
      },
      {
        fault: 'The engine of a host can be used by whoever reaches the miner’s machine.',
        spec: 'tests/executor-managers/ssh.spec.ts',
        test: 'is reached through the one connection alone: nothing listens here for it',
      },
    ],
  },
  {
    where: '`job_runner`',
    ways: [
      {
        fault: 'A job may take all memory, all of the disk, and print without end.',
        spec: `${executor}/job/hostile-job.spec.ts`,
        test: 'a job that runs into a limit of the machine > %s: it is killed, and the failure names the limit',
      },
      {
        fault: 'It may have any number of processes.',
        spec: `${runner}/docker/limits.spec.ts`,
        test: 'cannot have more processes, and a fork bomb is killed at the deadline',
      },
      {
        fault: 'It may have all processors.',
        spec: `${runner}/docker/limits.spec.ts`,
        test: 'has no more of the processors than its limit says',
      },
      {
        fault: 'The check of the machine writes to the host from a container that may do everything.',
        spec: `${runner}/preflight/nvidia.spec.ts`,
        test: "are looked at from a container, with the host's toolkit and nothing else of the host",
      },
    ],
  },
  {
    where: '`certificate`, connections',
    ways: [
      {
        fault: 'Private keys of streaming jobs stay in a folder that others read.',
        cannot: 'A key is made in memory, and goes to the proxy of its job alone.',
      },
      {
        fault: 'Between validator, miner and executor nothing is encrypted, tokens and signed URLs included.',
        open: 'The wire is that of ComputeHorde. Our validator sends a job’s volumes to the miner that has accepted it and to no other.',
      },
      {
        fault: 'Nobody looks at the signature under the address of a streaming job.',
        spec: 'apps/validator/src/driver/streaming-addresses.spec.ts',
        test: 'that its miner has signed for %s is not passed on: the job ends as streaming_failed',
      },
    ],
  },
  {
    where: '`self_test`',
    ways: [
      {
        fault: 'It drops the database that is named to it.',
        cannot:
          'It uses no database but that of the miner, and there only adds a validator, which it removes.',
      },
    ],
  },
  {
    where: '`executor_manager`',
    ways: [
      {
        fault: 'A miner that starts again does not know the executors that run.',
        spec: 'tests/faults/miner-sigkill.spec.ts',
        test: 'and its next process takes their executors back and delivers every result',
      },
      {
        fault: 'It offers the places that they have.',
        spec: `${managers}/testing/conformance.ts`,
        test: 'an executor that the next miner finds again holds its slot until it ends',
      },
      {
        fault: 'It gives out their ports again.',
        spec: `${managers}/streaming-ports.spec.ts`,
        test: 'that executors of an earlier miner have are not given out',
      },
    ],
  },
  {
    where: 'results, pub/sub',
    ways: [
      {
        fault: 'A result is lost when its validator is away.',
        spec: `${miner}/validators/validator-delivery.spec.ts`,
        test: 'gets the end once on each connection on which it asks for the job, until its finished receipt has come',
      },
      {
        fault: 'What uploads were answered is not kept.',
        spec: `${miner}/jobs/whole-job.spec.ts`,
        test: 'crosses the miner: every message arrives in order, the result is kept, and both sides sign for it',
      },
      {
        fault: 'A job request that comes before its executor is lost.',
        spec: `${miner}/jobs/job-payloads.spec.ts`,
        test: 'that comes before the executor waits for it, and both frames arrive as the validator wrote them',
      },
    ],
  },
  {
    where: '`transport`',
    ways: [
      {
        fault: 'A validator that connects again does not say who it is, and is not heard.',
        spec: 'apps/validator/src/miner/miner-connection.spec.ts',
        test: 'while the job runs: the validator comes back, and the result is not lost',
      },
      {
        fault: 'A message is tried for ever where the other side takes none.',
        spec: 'libs/transport/src/bad-network.spec.ts',
        test: 'gives a peer time to take a large frame, and cuts it when it does not',
      },
      {
        fault: 'Nobody notices that a connection is not read any more.',
        spec: `${miner}/faults/half-open.spec.ts`,
        test: 'on durable-1: the miner ends it, and on its next one the validator hears what it missed',
      },
    ],
  },
  {
    where: 'ends of jobs',
    ways: [
      {
        fault: 'A job whose validator has given it up runs on.',
        spec: 'tests/links/validator-miner.spec.ts',
        test: 'stop a job that the validator gives up',
      },
      {
        fault: 'A job whose validator is dead runs on.',
        spec: `${miner}/executors/executor.gateway.spec.ts`,
        test: 'a job that takes longer than all of its limits together is ended, and its executor stopped',
      },
      {
        fault: 'A validator does not hear that an executor has died before it connected.',
        spec: `${miner}/executors/executor.gateway.spec.ts`,
        test: 'because it has exited fails the job at once',
      },
      {
        fault: 'Every job is killed after twenty minutes.',
        spec: `${miner}/jobs/limits.spec.ts`,
        test: 'a job is given %s, and a minute on top',
      },
    ],
  },
  {
    where: '`AcceptedJob`',
    ways: [
      {
        fault: 'Two handlers save whole rows: that an executor waits for its request is overwritten.',
        spec: `${miner}/executors/executor.gateway.spec.ts`,
        test: 'a job request that comes while the executor is being greeted follows the initial request, once',
      },
      {
        fault: 'A job that has failed runs again, or ends in another way.',
        spec: `${miner}/executors/executor.gateway.spec.ts`,
        test: 'that comes after the end changes nothing',
      },
      {
        fault: 'The request is overwritten with nothing at the end.',
        cannot: 'A step writes its own columns; none but the one that stores a request writes that.',
      },
      {
        fault: 'The address of a streaming job may not be there yet when it is told.',
        spec: `${miner}/executors/executor.gateway.spec.ts`,
        test: 'a streaming job’s executor is told its address, and the validator gets it with the miner’s signature',
      },
    ],
  },
  {
    where: '`executor_manager/_internal/base`',
    ways: [
      {
        fault: 'While an executor starts, no other job gets one.',
        spec: `${miner}/executors/executor-supervisor.spec.ts`,
        test: 'an executor that takes its time to start keeps no other job from getting one',
      },
      {
        fault: 'A job that waits for a place may be forgotten, and its validator hears nothing.',
        spec: `${miner}/jobs/slot-queue.spec.ts`,
        test: 'is declined after five seconds when the executor stays',
      },
      {
        fault: 'A class that the miner does not offer is an exception.',
        spec: `${miner}/jobs/job-intake.spec.ts`,
        test: 'of an executor class that is not offered is declined, and no receipt is kept',
      },
      {
        fault: 'A job is accepted for which there is no place after all.',
        spec: `${miner}/jobs/slots-contention.spec.ts`,
        test: 'in 1,000 rounds there are never two winners, and never none',
      },
    ],
  },
  {
    where: '`kill_executor`, ports',
    ways: [
      {
        fault: "The job's container goes on when its executor is killed.",
        spec: `${managers}/testing/conformance.ts`,
        test: 'what an executor started is ended with it',
      },
      {
        fault: 'Ports are never given back: there are none left after a thousand jobs.',
        spec: `${managers}/streaming-ports.spec.ts`,
        test: 'are given out once each, and again when they are free',
      },
      {
        fault: 'Whether a port is free is tried where it does not count.',
        spec: 'tests/executor-managers/docker.spec.ts',
        test: 'gets another port when its own is somebody else’s',
      },
      {
        fault: 'In development the port behind it is used, too, without being reserved.',
        cannot: 'A streaming job has one port, in development as elsewhere.',
      },
    ],
  },
  {
    where: '`cleanup_potential_old_jobs`',
    ways: [
      {
        fault: 'An executor that starts kills the jobs of the others on its host.',
        spec: `${runner}/docker/leftovers.spec.ts`,
        test: 'has its container, network and folders removed by the next one, and nobody else has',
      },
      {
        fault: 'Containers and networks of jobs are left behind.',
        spec: `${runner}/docker/default-job-runner.spec.ts`,
        test: 'leaves no container behind after a timeout or a command that does not exist',
      },
      {
        fault: 'So is the proxy of a streaming job that did not become healthy.',
        spec: `${executor}/job/streaming-job.spec.ts`,
        test: 'that is not healthy in time failed at the start of its streaming, with what it printed',
      },
    ],
  },
  {
    where: '`job_driver`',
    ways: [
      {
        fault: 'A machine that fails its check is an exception, and no failure with a reason.',
        spec: `${executor}/job/unsafe-machine.spec.ts`,
        test: 'fails a job at once, even while nothing but its request is waited for',
      },
      {
        fault: 'An error within the stream of a pull is overlooked.',
        spec: `${runner}/docker/images.spec.ts`,
        test: 'takes an error inside the stream of a pull for an error',
      },
      {
        fault: 'The image has to be there within the five seconds that an executor has to start.',
        open: 'Validators count it so, and ours, too. Images that are expected can be fetched beforehand (`DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES`), and who fails at it is told why.',
      },
    ],
  },
  {
    where: '`_downloader`, `_uploader`',
    ways: [
      {
        fault: 'A server that refuses a range is asked without end.',
        spec: `${runner}/volumes/resume.spec.ts`,
        test: 'does not ask for ranges without end',
      },
      {
        fault: 'A download that begins anew keeps the end of what was there.',
        spec: `${runner}/volumes/resume.spec.ts`,
        test: 'starts anew in the same try, where %s',
      },
      {
        fault: 'A connection that fails is not tried again.',
        spec: `${runner}/volumes/download.spec.ts`,
        test: 'tries again after 5xx answers and lost connections',
      },
      {
        fault: 'What a server refuses is told as the failure of the network.',
        spec: `${executor}/job/failing-job.spec.ts`,
        test: 'by a volume of %s',
      },
      {
        fault: 'An archive may unpack to any size.',
        spec: `${runner}/volumes/zip/extract-zip.spec.ts`,
        test: 'stops a bomb at the limit, counting what is written and not what is promised',
      },
      {
        fault: 'The limit of an answer counts pieces, not bytes.',
        spec: `${runner}/uploads/upload-faults.spec.ts`,
        test: 'stops reading an answer that has no end, and is done: what was sent is stored',
      },
      {
        fault: 'The limit of uploads at once limits nothing.',
        spec: `${runner}/uploads/upload-output.spec.ts`,
        test: 'has no more than three uploads under way at once',
      },
    ],
  },
  {
    where: 'sizes of results',
    ways: [
      {
        fault: 'What a job has printed is not cut in a failure, and no frame takes it.',
        spec: `${executor}/job/hostile-job.spec.ts`,
        test: 'more than a frame holds: both streams are cut to their ends',
      },
      {
        fault: 'Nor does one take all artifacts that there may be: connections break without end.',
        spec: `${executor}/job/failing-job.spec.ts`,
        test: 'fails with both sizes',
      },
      {
        fault: 'A NUL in what was printed loses the result.',
        spec: `${executor}/job/hostile-job.spec.ts`,
        test: 'NUL, and bytes that are no text: they read as U+FFFD',
      },
    ],
  },
  {
    where: '`GenericError`',
    ways: [
      {
        fault: 'A frame that cannot be read is sent back whole.',
        spec: `${miner}/validators/validator.gateway.spec.ts`,
        test: 'is answered briefly, and not sent back',
      },
      {
        fault: 'So it is by executors.',
        spec: 'libs/transport/src/transport.spec.ts',
        test: 'an error quotes no more of a frame than its beginning, and waits for no peer that takes none',
      },
    ],
  },
  {
    where: '`job_excuses`',
    ways: [
      {
        fault: 'A miner that is busy with a long job cannot show that it is.',
        spec: 'apps/validator/src/incidents/excuses.spec.ts',
        test: 'is excused by long jobs, whose receipts are stored here: the fault that only counted seconds',
      },
      {
        fault: 'Receipts of jobs that were declined excuse it.',
        spec: 'apps/validator/src/incidents/excuses.spec.ts',
        test: 'is not excused by jobs that had ended: the fault that counted declined ones',
      },
      {
        fault: 'It is judged by its oldest manifest.',
        spec: 'apps/validator/src/incidents/excuses.spec.ts',
        test: 'is measured by the newest manifest: the fault that took the oldest',
      },
    ],
  },
  {
    where: 'initial requests',
    ways: [
      {
        fault: 'The same request again is an exception.',
        spec: `${miner}/jobs/job-intake.spec.ts`,
        test: 'that comes again is answered again, and starts nothing',
      },
      {
        fault: 'So is one with a uuid that is none.',
        spec: `${miner}/jobs/job-intake.spec.ts`,
        test: 'with the uuid %j is refused',
      },
      {
        fault: 'So is a receipt for a job that was declined.',
        spec: `${miner}/receipts/receipt-intake.spec.ts`,
        test: 'a receipt that is refused is counted and not stored > %s',
      },
    ],
  },
  {
    where: '`receipts/store/local`',
    ways: [
      {
        fault: 'Each receipt copies the whole page, and everything waits for it.',
        cannot: 'Lines are written to the end of a file that stays open, and not by whoever waits for them.',
      },
      {
        fault: 'A crash leaves half a line.',
        spec: `${miner}/receipts/receipt-pages.spec.ts`,
        test: 'in the middle of a line shows the receipt whole after the restart',
      },
      {
        fault: 'Two processes write to one page.',
        spec: 'libs/receipts/src/page-store.spec.ts',
        test: 'belongs to one store at a time',
      },
    ],
  },
  {
    where: 'connections of validators',
    ways: [
      {
        fault: 'Each new connection of a validator hears of all of its jobs.',
        spec: `${miner}/validators/validator-delivery.spec.ts`,
        test: 'does not get it on a connection that names other jobs only',
      },
      {
        fault: 'All connections hear of a job, and each stores what it hears.',
        spec: `${miner}/validators/validator-delivery.spec.ts`,
        test: 'hears the rest on its newest connection only',
      },
    ],
  },
  {
    where: '`docker` manager, wallet',
    ways: [
      {
        fault: 'Each look at an executor opens a new SSH connection, once a second.',
        spec: 'tests/executor-managers/ssh.spec.ts',
        test: 'is reached through the one connection alone: nothing listens here for it',
      },
      {
        fault: 'The wallet is read again for each signature, and the list of servers while everything waits.',
        cannot: 'The key is read at the start, and the list when it has changed, without waiting for it.',
      },
    ],
  },
  {
    where: 'transfer of receipts',
    ways: [
      {
        fault: 'Two pages of every miner are asked for every two seconds, whether something has come or not.',
        open: 'So they are here: a page cannot say that it has grown. What is asked for is what has been added since, and miners that do not answer are asked ever more rarely.',
      },
      {
        fault: 'A line that could not be read is passed over for good.',
        spec: 'apps/validator/src/receipts/transfer/receipt-transfer.spec.ts',
        test: 'are read on when a line that was not finished is',
      },
      {
        fault: 'So are those that the database has refused.',
        spec: 'apps/validator/src/receipts/transfer/receipt-transfer.spec.ts',
        test: 'when the database refuses them',
      },
    ],
  },
  {
    where: '`validator_interface`',
    ways: [
      {
        fault: 'While an executor starts, nothing else on its connection is read.',
        spec: `${miner}/validators/validator.gateway.spec.ts`,
        test: 'a connection is listened to while an executor is being started for it',
      },
    ],
  },
];
