"""The SDK's client against a running facilitator, as a user's program uses it."""

import asyncio
import base64
import json
import time
from pathlib import Path

import bittensor_wallet
from compute_horde_sdk.v1 import (
    ComputeHordeClient,
    ComputeHordeError,
    ComputeHordeJob,
    ComputeHordeJobSpec,
    ComputeHordeJobStatusEntry,
    ComputeHordeNotFoundError,
    ExecutorClass,
    InlineInputVolume,
)

UNKNOWN_JOB = "00000000-0000-4000-8000-000000000000"


def connect(facilitator: str, wallets: str, wallet: str, validator: str) -> ComputeHordeClient:
    """With a key that the wallet library reads from its folder."""
    hotkey = bittensor_wallet.Wallet(name=wallet, hotkey="default", path=wallets).hotkey
    return ComputeHordeClient(
        hotkey=hotkey, compute_horde_validator_hotkey=validator, facilitator_url=f"{facilitator}/"
    )


def job_spec(spec: dict) -> ComputeHordeJobSpec:
    files = spec.pop("inline", {})
    return ComputeHordeJobSpec(
        executor_class=ExecutorClass(spec.pop("executor_class")),
        input_volumes={
            str(Path(file).parent): InlineInputVolume.from_file_contents(Path(file).name, contents.encode())
            for file, contents in files.items()
        }
        or None,
        job_namespace="SN12.0",
        download_time_limit_sec=20,
        execution_time_limit_sec=20,
        upload_time_limit_sec=20,
        **spec,
    )


def told(job: ComputeHordeJob) -> dict:
    """What a user's program learns of a job."""
    return {
        "uuid": job.uuid,
        "status": str(job.status.value),
        "statuses": [entry.status.value for entry in job.status_history],
        "stdout": job.result and job.result.stdout,
        "stderr": job.result and job.result.stderr,
        "artifacts": job.result
        and {path: contents.decode() for path, contents in (job.result.artifacts or {}).items()},
        "error": job.error and {"reason": str(job.error.reason), "message": job.error.message},
    }


async def run_jobs(specs: list[dict], attempt: dict, **where: str) -> dict:
    """Creates all jobs at once, waits for each, and fetches it once more; `attempt` is left to run_until_complete."""
    client = connect(**where)
    attempting = asyncio.create_task(client.run_until_complete(job_spec(attempt), timeout=60, max_attempts=1))
    jobs = await asyncio.gather(*(client.create_job(job_spec(spec)) for spec in specs))
    seen: dict[str, list[str]] = {job.uuid: [] for job in jobs}

    def note(job: ComputeHordeJob, entry: ComputeHordeJobStatusEntry) -> None:
        seen[job.uuid].append(entry.status.value)

    await asyncio.gather(*(job.wait(timeout=60, status_callback=note) for job in jobs))
    return {
        "jobs": [
            {"waited": told(job), "fetched": told(await client.get_job(job.uuid)), "callbacks": seen[job.uuid]}
            for job in jobs
        ],
        "attempted": told(await attempting),
    }


async def list_jobs(**where: str) -> dict:
    """All jobs page by page and one after the other, and a job that there is not."""
    client = connect(**where)
    pages = [[job.uuid for job in await client.get_jobs(page=page, page_size=3)] for page in (1, 2)]
    try:
        missing = told(await client.get_job(UNKNOWN_JOB))
    except ComputeHordeNotFoundError as error:
        missing = type(error).__name__
    return {"pages": pages, "iterated": [job.uuid async for job in client.iter_jobs()], "missing": missing}


async def outlive_token(**where: str) -> dict:
    """Uses a client beyond the life of its token."""
    client = connect(**where)
    await client.authenticate()
    first = client._token
    before = len(await client.get_jobs())
    claims = first.split(".")[1]
    expires = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
    await asyncio.sleep(max(0, expires - time.time()) + 0.1)
    after = len(await client.get_jobs())
    return {"before": before, "after": after, "renewed": client._token != first}


async def refused(**where: str) -> str:
    """The error of a client that may not log in."""
    try:
        await connect(**where).get_jobs()
        return ""
    except ComputeHordeError as error:
        return str(error)


OPERATIONS = {operation.__name__: operation for operation in (run_jobs, list_jobs, outlive_token, refused)}
