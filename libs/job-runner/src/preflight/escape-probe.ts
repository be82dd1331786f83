import type Docker from 'dockerode';
import { runTool, type ToolRun } from './run-tool.ts';
import { engineMustRun, SecurityCheckFailed } from './security-check-failed.ts';
import { noNamespaceStatus, unshareCgroup } from './unshare-cgroup.ts';

const containedSentence = 'Contained: no cgroup hierarchy can be given a release agent.';
const escapedStatus = 10;

/**
 * Tries to be allowed to name the program that the host's kernel runs, as root and outside of every container, when a
 * cgroup becomes empty (CVE-2022-0492). It writes only what is there already, so nothing changes where it succeeds.
 * Hierarchies are those that exist, and a new one: a new one of some controller would be no easier to get.
 */
const tryScript = `
b=/bin/busybox
at=$($b mktemp -d /tmp/cgroup.XXXXXX) || exit 2
try() {
  value=$($b cat "$1/release_agent" 2>/dev/null) || return 0
  { echo "$value" > "$1/release_agent"; } 2>/dev/null || return 0
  echo "Can escape: the release agent of the cgroup hierarchy $2 can be set $3."
  exit ${escapedStatus}
}
for mounted in /sys/fs/cgroup /sys/fs/cgroup/*; do try "$mounted" "$mounted" "where it is mounted"; done
for hierarchy in $($b cut -d: -f2 /proc/self/cgroup) none,name=horde-probe; do
  $b mount -t cgroup -o "$hierarchy" cgroup "$at" 2>/dev/null || continue
  echo "mounted $hierarchy $1" >&2
  try "$at" "$hierarchy" "$1"
  $b umount "$at"
done
exit 0
`;

/** Tries it directly, and as root of a user namespace of its own. Arguments: `tryScript`, and `unshareCgroup()` in base64. */
const probeScript = `
b=/bin/busybox
broken() { echo "Not probed: $1"; exit 3; }
for applet in base64 mktemp mount umount unshare; do
  $b --list | $b grep -qx $applet || broken "busybox has no $applet."
done
echo "$2" | $b base64 -d > /tmp/unshare-cgroup && $b chmod 755 /tmp/unshare-cgroup || broken "/tmp cannot be written."
/tmp/unshare-cgroup $b true
case $? in 0|${noNamespaceStatus}) ;; *) broken "the program for namespaces does not run." ;; esac

$b sh -c "$1" try directly
case $? in
  0) ;;
  ${escapedStatus}) exit ${escapedStatus} ;;
  *) broken "the direct attempt ended early." ;;
esac

$b unshare -U -r -m /tmp/unshare-cgroup $b sh -c "$1" try "in namespaces of its own"
case $? in
  0|1|${noNamespaceStatus}) ;;
  ${escapedStatus}) exit ${escapedStatus} ;;
  *) broken "the attempt in namespaces ended early." ;;
esac
echo "${containedSentence}"
`;

/** Changes with the probe: a check by another probe says nothing about this one. */
export const probeText = tryScript + probeScript;

/**
 * Tries to escape from a container with a job's profile, as CVE-2022-0492 allows.
 *
 * @param image has a busybox at /bin/busybox
 * @param profile the parts of `HostConfig` that jobs get
 * @returns what the probe printed: on stderr the hierarchies that it could mount
 * @throws SecurityCheckFailed when it can, and when it could not be tried
 */
export async function probeEscape(
  docker: Docker,
  image: string,
  profile: Docker.HostConfig,
  options: { labels?: Record<string, string>; signal: AbortSignal },
): Promise<ToolRun> {
  const run = runTool(docker, {
    ...options,
    image,
    command: [
      '/bin/busybox',
      'sh',
      '-c',
      probeScript,
      'probe',
      tryScript,
      unshareCgroup().toString('base64'),
    ],
    hostConfig: {
      ...profile,
      NetworkMode: 'none',
      Tmpfs: { ...profile.Tmpfs, '/tmp': 'rw,exec,mode=1777,size=1m' },
    },
  });
  return verdict(await engineMustRun('The check for CVE-2022-0492', run, options.signal));
}

/** @throws SecurityCheckFailed unless the probe ran to its end and found no way out */
export function verdict(run: ToolRun): ToolRun {
  const { exitCode, stdout, stderr } = run;
  const said = stdout.trim();
  if (exitCode === 0 && said === containedSentence) return run;
  const facts = { return_code: exitCode, stdout, stderr };
  if (said.startsWith('Can escape: '))
    throw new SecurityCheckFailed(
      `A job could escape from its container on this machine (CVE-2022-0492). ${said}`,
      facts,
    );
  const what = said || stderr.trim() || 'it printed nothing';
  throw new SecurityCheckFailed(
    `The check for CVE-2022-0492 did not run to its end (exit code ${exitCode}): ${what}`,
    facts,
  );
}
