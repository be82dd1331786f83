import { clockInWords, PeerClocks, peersInWords } from '@horde/network';
import { fail, ok, warn, type Finding } from '../report.ts';

/** How long a clock may take to answer. @unit ms */
const patience = 5_000;

interface ClockRules {
  /** Who is asked for the time: URLs. */
  services: string[];
  /** How far it may be away. @unit seconds */
  tolerance: number;
  /** What happens from there on, as the end of a sentence: `validators are refused`. */
  consequence: string;
}

/**
 * Compares this machine's clock with those of servers, by the time that they answer with. It is only wrong where most of
 * them say so, and at least two: as for the metrics of a service that runs.
 */
export async function checkClock({ services, tolerance, consequence }: ClockRules): Promise<Finding> {
  const check = 'clock';
  const clocks = new PeerClocks();
  await Promise.all(services.map((url) => ask(url, clocks)));
  const verdict = clocks.verdict();
  const fix = 'Keep it with NTP: timedatectl set-ntp true, or apt-get install chrony.';
  if (!verdict)
    return warn(
      check,
      'There is nobody to compare it with.',
      `Let one of these answer: ${services.join(', ')}`,
    );
  const { ahead, peers, others } = verdict;
  if (ahead !== 0) {
    const says = `It is ${clockInWords(ahead, peers)}; ${consequence} from ${tolerance} s on.`;
    return Math.abs(ahead) < tolerance * 1_000 ? warn(check, says, fix) : fail(check, says, fix);
  }
  const agrees =
    peers.length === 0
      ? ''
      : `It agrees with ${peers.length > 1 ? 'those' : 'that'} of ${peersInWords(peers)}.`;
  const differs = others.map((other) => clockInWords(other.ahead, [other.peer])).join(', ');
  if (peers.length > others.length)
    return ok(check, differs ? `${agrees} It is ${differs}, which is wrong.` : agrees);
  const says = `It is ${differs}, and too few others say so. ${agrees}`.trimEnd();
  return warn(check, says, `Look which is wrong, by timedatectl. ${fix}`);
}

async function ask(url: string, clocks: PeerClocks): Promise<void> {
  const asked = Date.now();
  const options = { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(patience) } as const;
  const headers = await fetch(url, options).then(
    (answer) => answer.headers,
    () => null,
  );
  if (headers) clocks.noteAnswer(new URL(url), Object.fromEntries(headers), asked);
}
