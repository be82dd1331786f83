import { ExecutorTiming, executorClasses, make, type ExecutorClass, type JobRequest } from '@horde/protocol';

/** What each stage of a test job may take. @unit seconds */
export const timing = make(ExecutorTiming, {
  allowed_leeway: 10,
  download_time_limit: 10,
  execution_time_limit: 60,
  upload_time_limit: 20,
  streaming_start_time_limit: 30,
});

/** What a test job is: who runs it, and what it runs. */
export interface TestJob {
  executorClass: ExecutorClass;
  image: string;
  /** A shell's script. */
  script: string;
  /** Whether it gets the GPUs of its machine. */
  withGpu: boolean;
}

/** The part of a job request that says what is run. */
export const jobRequest = (job_uuid: string, { executorClass, image, script, withGpu }: TestJob) =>
  ({
    job_uuid,
    executor_class: executorClass,
    docker_image: image,
    raw_script: null,
    docker_run_options_preset: withGpu ? 'nvidia_all' : 'none',
    docker_run_cmd: ['sh', '-c', script],
    env: new Map<string, string>(),
    volume: null,
    output_upload: null,
    artifacts_dir: null,
  }) satisfies Omit<JobRequest, 'message_type' | 'validator_signature'>;

/** Repeats a word, and lists the GPUs of its machine where it is given some. */
export const echoJob = (
  executorClass: ExecutorClass,
  image: string,
  word: string,
  gpus: boolean,
): TestJob => {
  const withGpu = gpus && executorClasses[executorClass].hasGpu;
  const list = withGpu ? '; nvidia-smi -L 2>/dev/null; true' : '';
  return { executorClass, image, script: `echo ${word}${list}`, withGpu };
};

/**
 * Serves its word over HTTP as streaming jobs do, on port 8000, until it is asked for /cgi-bin/terminate. With a
 * busybox or a Python: images of executors have one of them. It ends by itself when nobody comes.
 */
export const streamingJob = (executorClass: ExecutorClass, image: string, word: string): TestJob => ({
  executorClass,
  image,
  script: streamingScript(word),
  withGpu: false,
});

const streamingScript = (word: string): string => `
tool() { if [ -x /bin/busybox ]; then /bin/busybox "$@"; else "$@"; fi; }
site=/tmp/horde-self-test-$$
shell=/bin/sh
[ -x /bin/busybox ] && shell="/bin/busybox sh"
tool mkdir -p $site/cgi-bin
tool chmod 777 $site
echo ok > $site/health
echo ${word} > $site/word
tool cat > $site/cgi-bin/terminate <<END
#!$shell
printf "Content-Type: text/plain\\r\\n\\r\\nbye"
echo > $site/over
END
tool chmod 755 $site/cgi-bin/terminate
cd $site
if [ -x /bin/busybox ]; then
  /bin/busybox httpd -p 8000 -h $site
else
  python3 -m http.server --cgi 8000 >/dev/null 2>&1 &
fi
left=30
while [ ! -e $site/over ] && [ $left -gt 0 ]; do tool sleep 1; left=$((left - 1)); done
echo ${word}`;
