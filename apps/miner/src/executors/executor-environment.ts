type Environment = Record<string, string | undefined>;

/** Variables of the miner that its executors get too, wherever they run; those with a star by their beginning. */
const everywhere = [
  'HORDE_NETWORK',
  'HF_*',
  'LOG_LEVEL',
  'LOG_FORMAT',
  'OTEL_EXPORTER_OTLP_*',
  'VOLUME_*',
  'OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES',
  'JOB_*',
  'MINER_ABSENCE_LIMIT',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];
/** Those that make sense on the miner's own machine and outside of containers only. */
const here = [
  'PATH',
  'HOME',
  'TMPDIR',
  'DOCKER_*',
  'HORDE_*',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
  'EXECUTOR_*',
];
/** Variables that begin like one of those, but are the miner's own. */
const kept = [
  'DOCKER_EXECUTORS_CONFIG_PATH',
  'EXECUTOR_MANAGER_CLASS_PATH',
  'EXECUTOR_COMMAND',
  'EXECUTOR_IMAGE',
  'EXECUTOR_LOG_FOLDER',
  'EXECUTOR_TOKEN',
];
/** What an operator's runner would be on the miner's machine; executors in containers have CUSTOM_JOB_RUNNERS_PATH. */
const notInContainers = ['JOB_RUNNER'];

/** The part of the miner's environment that executors see that are processes: never its database or its keys. */
export const processEnvironment = (environment: Environment): Environment =>
  only(environment, [...everywhere, ...here], kept);

/** The part of the miner's environment that executors see in containers, on whatever machine. */
export const containerEnvironment = (environment: Environment): Environment =>
  only(environment, everywhere, notInContainers);

/** The names of variables that operators set for executors alone. */
export const passedToExecutors = (environment: Environment): string[] =>
  Object.keys(only(environment, [...everywhere, 'EXECUTOR_*', 'DOCKER_*'], kept));

function only(environment: Environment, names: string[], except: string[]): Environment {
  const isPassedOn = (name: string) =>
    names.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => isPassedOn(name) && !except.includes(name)),
  );
}
