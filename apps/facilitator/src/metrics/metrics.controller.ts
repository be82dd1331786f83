import { Controller, Get, Header } from '@nestjs/common';
import { Database } from '@horde/database';
import { Channels } from '../validators/channels.service.ts';

interface Metric {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  value: number;
}

/** `GET /metrics`, for Prometheus. As in ComputeHorde it asks for no login: whoever runs this keeps it from the public. */
@Controller()
export class MetricsController {
  constructor(
    private readonly channels: Channels,
    private readonly database: Database,
  ) {}

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async metrics(): Promise<string> {
    const { user, system } = process.cpuUsage();
    const metrics: Metric[] = [
      {
        name: 'facilitator_connected_validators',
        type: 'gauge',
        help: 'Validators that are connected to any replica.',
        value: await this.channels.connectedValidators(),
      },
      {
        name: 'facilitator_undelivered_jobs',
        type: 'gauge',
        help: 'Jobs that their validators have not confirmed yet.',
        value: await this.undeliveredJobs(),
      },
      {
        name: 'process_cpu_seconds_total',
        type: 'counter',
        help: 'CPU time of this process.',
        value: (user + system) / 1e6,
      },
      {
        name: 'process_resident_memory_bytes',
        type: 'gauge',
        help: 'Memory of this process.',
        value: process.memoryUsage.rss(),
      },
      {
        name: 'process_start_time_seconds',
        type: 'gauge',
        help: 'When this process started, in unix time.',
        value: Math.round(Date.now() / 1000 - process.uptime()),
      },
    ];
    return metrics
      .map(
        ({ name, type, help, value }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`,
      )
      .join('');
  }

  private async undeliveredJobs(): Promise<number> {
    const [row] = (await this.database.manager.query('select count(*)::int as count from outbox')) as [
      { count: number },
    ];
    return row.count;
  }
}
