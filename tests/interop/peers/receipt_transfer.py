"""The transfer of receipts that ComputeHorde's validators run, against a miner that shows pages."""

import asyncio

import aiohttp
import receipt_database  # noqa: F401
from compute_horde.receipts.models import JobAcceptedReceipt, JobFinishedReceipt, JobStartedReceipt
from compute_horde.receipts.transfer import ReceiptsTransfer


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


OPERATIONS = {"transfer_receipts": transfer_receipts}
