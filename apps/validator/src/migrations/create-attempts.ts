import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a job knew of its one miner becomes a row for each miner that is asked. */
export class CreateAttempts1795000000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table attempt (
        job_uuid uuid not null references job (uuid) on delete cascade,
        number integer not null,
        -- What the job is called towards this miner.
        uuid uuid not null unique,
        miner_hotkey text not null,
        miner_ip text not null,
        miner_port integer not null,
        started_at timestamptz not null,
        deadline timestamptz,
        miner_number bigint not null default 0,
        ended_at timestamptz,
        outcome text,
        reason text,
        message text,
        primary key (job_uuid, number)
      )`);
    await runner.query(`
      insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, deadline, miner_number,
                           ended_at, outcome)
      select uuid, 1, uuid, miner_hotkey, miner_ip, miner_port, started_at, deadline, miner_number, ended_at,
             case when ended_at is null then null when status = 'rejected' then 'declined' else status end
      from job where miner_hotkey is not null`);
    await runner.query('create unique index attempt_open on attempt (job_uuid) where ended_at is null');
    await runner.query('create index attempt_miner on attempt (miner_hotkey, ended_at)');
    await runner.query('drop index job_miner');
    await runner.query(`
      alter table job drop column miner_hotkey, drop column miner_ip, drop column miner_port,
                      drop column started_at, drop column deadline, drop column miner_number`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table job add column miner_hotkey text, add column miner_ip text, add column miner_port integer,
                      add column started_at timestamptz, add column deadline timestamptz,
                      add column miner_number bigint not null default 0`);
    await runner.query(`
      update job set miner_hotkey = attempt.miner_hotkey, miner_ip = attempt.miner_ip, miner_port = attempt.miner_port,
                     started_at = attempt.started_at, deadline = attempt.deadline, miner_number = attempt.miner_number
      from attempt where job_uuid = job.uuid and attempt.uuid = job.uuid`);
    await runner.query('drop table attempt');
    await runner.query('create index job_miner on job (miner_hotkey, executor_class, ended_at)');
  }
}
