import { Command, Option } from 'nest-commander';
import { doctor } from '../doctor/doctor.ts';
import { MinerCommand } from './miner-command.ts';
import { allGood, reportJson, reportLines, reportSum } from '@horde/commands';

@Command({
  name: 'doctor',
  description: 'look at what the miner needs around it; exit code 0 when nothing failed, else 1',
})
export class Doctor extends MinerCommand {
  override async run(_words: string[], { json = false }: { json?: boolean } = {}): Promise<void> {
    const { print } = this.context;
    const findings = await doctor(this.context, (finding) => {
      if (!json) print(reportLines(finding));
    });
    print(json ? reportJson(findings) : reportSum(findings));
    if (!allGood(findings)) this.context.exitCode = 1;
  }

  @Option({ flags: '--json', description: 'print one line of JSON, and nothing else' })
  json(): boolean {
    return true;
  }
}
