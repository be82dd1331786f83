import { Inject, Injectable, type Type } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import { CommandContext } from './command-context.ts';
import type { Doctor } from './doctor.ts';
import { allGood, reportJson, reportLines, reportSum } from './report.ts';
import { ServiceCommand } from './service-command.ts';

@Injectable()
abstract class DoctorCommand extends ServiceCommand {
  @Option({ flags: '--json', description: 'print one line of JSON, and nothing else' })
  json(): boolean {
    return true;
  }
}

/** The command of a service that looks at what it needs around it. */
export function doctorCommand<C extends CommandContext>(
  service: string,
  doctor: Doctor<C>,
): Type<ServiceCommand> {
  @Command({
    name: 'doctor',
    description: `look at what the ${service} needs around it; exit code 0 when nothing failed, else 1`,
  })
  class OfService extends DoctorCommand {
    constructor(@Inject(CommandContext) private readonly context: C) {
      super();
    }

    override async run(_words: string[], { json = false }: { json?: boolean } = {}): Promise<void> {
      const { print } = this.context;
      const findings = await doctor(this.context, (finding) => {
        if (!json) print(reportLines(finding));
      });
      print(json ? reportJson(findings) : reportSum(findings));
      if (!allGood(findings)) this.context.exitCode = 1;
    }
  }
  return OfService;
}
