"""Pages of receipts: the transfer that ComputeHorde's validators run, and how its miners write them."""

import asyncio

import aiohttp
import receipt_database  # noqa: F401
from compute_horde.receipts.models import JobAcceptedReceipt, JobFinishedReceipt, JobStartedReceipt
from compute_horde.receipts.schemas import Receipt
from compute_horde.receipts.store.local import LocalFilesystemPagedReceiptStore
from compute_horde.receipts.transfer import ReceiptsTransfer
from django.conf import settings
from django.core.cache import cache


async def fetch(hotkey: str, port: int, pages: list[int]):
    answers: list[dict] = []

    async def note(_session, _context, params) -> None:
        headers = params.response.headers
        answers.append(
            {
                "page": int(params.url.name.removesuffix(".jsonl")),
                "status": params.response.status,
                "encoding": headers.get("Content-Encoding"),
            }
        )

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(note)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        result = await ReceiptsTransfer.transfer(
            [(hotkey, "127.0.0.1", port)], pages, session, asyncio.Semaphore(10), 10
        )
    return result, answers


def transfer_receipts(hotkey: str, port: int, pages: list[int]) -> dict:
    """What a validator gets of pages since it has asked for them last, and what it then has of this miner."""
    result, answers = asyncio.run(fetch(hotkey, port, pages))
    kinds = (JobStartedReceipt, JobAcceptedReceipt, JobFinishedReceipt)
    return {
        "received": result.n_receipts,
        "line_errors": [str(error) for error in result.line_errors],
        "errors": [f"{error}: {error.__cause__!r}" for error in result.transfer_errors],
        "answers": answers,
        "stored": {
            kind.__name__: sorted(
                str(receipt.job_uuid) for receipt in kind.objects.filter(miner_hotkey=hotkey)
            )
            for kind in kinds
        },
    }


def forget_receipts() -> None:
    """Has what was transferred so far forgotten, and where it was read to: the validator begins anew."""
    for kind in (JobStartedReceipt, JobAcceptedReceipt, JobFinishedReceipt):
        kind.objects.all().delete()
    cache.clear()


def finished_jobs() -> list[dict]:
    """The jobs of which a validator that pays for them finds a finished receipt and the started one that it needs."""
    started = {receipt.job_uuid: receipt for receipt in JobStartedReceipt.objects.all()}
    return [
        {
            "job_uuid": str(receipt.job_uuid),
            "miner_hotkey": receipt.miner_hotkey,
            "started_at_miner": started[receipt.job_uuid].miner_hotkey,
            "executor_class": started[receipt.job_uuid].executor_class,
            "score": receipt.score(),
        }
        for receipt in JobFinishedReceipt.objects.order_by("timestamp")
        if receipt.job_uuid in started
    ]


def show_receipts(folder: str, lines: list[str]) -> int:
    """Puts receipts on the current page in a folder, as a miner does. Returns the page."""
    settings.LOCAL_RECEIPTS_ROOT = folder
    store = LocalFilesystemPagedReceiptStore()
    page = store.current_page()
    store._append_to_page([Receipt.model_validate_json(line) for line in lines], page)
    return page


OPERATIONS = {
    operation.__name__: operation
    for operation in (transfer_receipts, forget_receipts, finished_jobs, show_receipts)
}
