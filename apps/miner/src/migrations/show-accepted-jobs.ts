import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Jobs under the name and with the columns that ComputeHorde's operators ask for in psql, in the schema public too, where
 * this may be made there and ComputeHorde's own table is not. A migration that changes what the view reads drops it first,
 * with `cascade`, and makes it anew.
 */
export class ShowAcceptedJobs1799100002061 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // What is no number there is none here: a job is known by its uuid, a validator by its hotkey. json takes what jsonb
    // refuses: \u0000 in a text of a peer's.
    await runner.query(`
      create view miner_acceptedjob as
      select row_number() over (order by job.accepted_at, job.uuid) as id,
        job.uuid as job_uuid,
        job.executor_token,
        case
          when job.status = 'completed' then 'FINISHED'
          when job.status = 'rejected' then 'REJECTED'
          when job.status in ('failed', 'horde_failed') then 'FAILED'
          when job.connected_at is null then 'WAITING_FOR_EXECUTOR'
          when job.job_request is null then 'WAITING_FOR_PAYLOAD'
          else 'RUNNING'
        end as status,
        nullif(job.initial_request, '')::json as initial_job_details,
        nullif(job.job_request, '')::json as full_job_details,
        result.exit_status,
        coalesce(result.stdout, '') as stdout,
        coalesce(result.stderr, '') as stderr,
        job.settled_at as result_reported_to_validator,
        job.ended_at - job.accepted_at as time_took,
        null::double precision as score,
        job.accepted_at as created_at,
        coalesce(job.ended_at, job.connected_at, job.accepted_at) as updated_at,
        job.validator_hotkey as validator_id,
        job.executor_address,
        result.artifacts,
        ending.reason as error_type,
        ending.message as error_detail,
        result.upload_results
      from job
      left join job_result result on result.job_uuid = job.uuid
      left join job_event ending on ending.job_uuid = job.uuid and ending.status = job.status
        and job.status in ('rejected', 'failed', 'horde_failed')`);
    await runner.query(`
      do $$ begin
        if has_schema_privilege('public', 'create') and to_regclass('public.miner_acceptedjob') is null then
          execute format('create view public.miner_acceptedjob as select * from %I.miner_acceptedjob', current_schema());
        end if;
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop view miner_acceptedjob cascade');
  }
}
