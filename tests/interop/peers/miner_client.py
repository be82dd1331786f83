"""The packages' client against a running miner, as a validator uses it."""

import asyncio
import json

import receipt_database  # noqa: F401
from compute_horde.miner_client.organic import (
    OrganicJobDetails,
    OrganicMinerClient,
    execute_organic_job_on_miner,
)
from compute_horde.receipts.models import JobAcceptedReceipt, JobFinishedReceipt, JobStartedReceipt
from compute_horde_core.executor_class import ExecutorClass
from compute_horde_core.streaming import StreamingDetails
from signing import keypair, verifies

LIMITS = {
    "allowed_leeway": 5,
    "download_time_limit": 5,
    "execution_time_limit": 10,
    "upload_time_limit": 5,
    "streaming_start_time_limit": 5,
}


class Client(OrganicMinerClient):
    """Notes what it is told."""

    def __init__(self, seed: str, miner: dict, job_uuid: str) -> None:
        super().__init__(miner["hotkey"], "127.0.0.1", miner["port"], job_uuid, keypair(seed))
        self.told: list[str] = []
        self.errors: list[str] = []

    async def notify_job_accepted(self, msg) -> None:
        self.told.append("accepted")

    async def notify_executor_ready(self, msg) -> None:
        self.told.append("executor_ready")

    async def notify_volumes_ready(self, msg) -> None:
        self.told.append("volumes_ready")

    async def notify_streaming_readiness(self, msg) -> None:
        self.told.append("streaming_ready")
        if not verifies(self.miner_hotkey, msg.blob_for_signing(), msg.miner_signature):
            self.errors.append("the signature under the streaming address does not verify")

    async def notify_execution_done(self, msg) -> None:
        self.told.append("execution_done")

    async def notify_generic_error(self, msg) -> None:
        self.errors.append(msg.details)

    async def notify_receipt_failure(self, comment: str) -> None:
        self.errors.append(comment)


async def run_miner_job(seed: str, miner: dict, job: dict) -> dict:
    """Runs a job from its reservation to its last receipt. What went wrong comes back as the miner's message."""
    uuid = job["uuid"]
    client = Client(seed, miner, uuid)
    streaming_key = job.get("streaming_key")
    details = OrganicJobDetails(
        job_uuid=uuid,
        executor_class=ExecutorClass(job["executor_class"]),
        docker_image=job["docker_image"],
        docker_run_cmd=job["docker_run_cmd"],
        docker_run_options_preset="none",
        artifacts_dir="/artifacts",
        job_timing=OrganicJobDetails.TimingDetails(**LIMITS),
        streaming_details=StreamingDetails(public_key=streaming_key) if streaming_key else None,
    )
    result, failure = None, None
    try:
        stdout, stderr, artifacts, upload_results = await execute_organic_job_on_miner(client, details, 5, 5)
        result = {"stdout": stdout, "stderr": stderr, "artifacts": artifacts, "upload_results": upload_results}
    except Exception as error:
        # The newer packages carry the miner's message in `msg`, the older ones in `received`.
        message = getattr(error, "msg", None) or getattr(error, "received", None)
        failure = {
            "error": type(error).__name__,
            "says": str(error),
            "message": message and json.loads(message.model_dump_json()),
        }
    return {
        "result": result,
        "failure": failure,
        "told": client.told,
        "errors": client.errors,
        "receipts": [
            kind.__name__
            for kind in (JobStartedReceipt, JobAcceptedReceipt, JobFinishedReceipt)
            if await kind.objects.filter(job_uuid=uuid).aexists()
        ],
    }


async def ask_manifest(seed: str, miner: dict, job_uuid: str, wait: float) -> dict:
    """Connects, says who it is, and stays for so many seconds."""
    client = Client(seed, miner, job_uuid)
    async with client:
        await asyncio.sleep(wait)
        manifest = client.miner_manifest.result() if client.miner_manifest.done() else None
    return {"manifest": manifest and {str(key.value): count for key, count in manifest.items()}, "errors": client.errors}


OPERATIONS = {operation.__name__: operation for operation in (run_miner_job, ask_manifest)}
