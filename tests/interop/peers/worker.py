"""Answers questions about the ComputeHorde packages of the environment that runs it.

One JSON object a line on standard input, `{"op": …, …}`, and one on standard output for each, in order. The operations
are the functions that `models.py`, `pylon.py`, `signing.py`, `client.py`, `miner_client.py`, `receipt_transfer.py` and
`weights.py` register.
"""

import asyncio
import json
import os
import sys
import traceback

# The packages log to standard output; the answers keep a copy of it for themselves.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

import client  # noqa: E402
import miner_client  # noqa: E402
import models  # noqa: E402
import pylon  # noqa: E402
import receipt_transfer  # noqa: E402
import signing  # noqa: E402
import weights  # noqa: E402

OPERATIONS = {
    **models.OPERATIONS,
    **pylon.OPERATIONS,
    **signing.OPERATIONS,
    **client.OPERATIONS,
    **miner_client.OPERATIONS,
    **receipt_transfer.OPERATIONS,
    **weights.OPERATIONS,
}


def answer(line: str) -> dict:
    question = json.loads(line)
    try:
        result = OPERATIONS[question.pop("op")](**question)
        return {"result": asyncio.run(result) if asyncio.iscoroutine(result) else result}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}


for line in sys.stdin:
    print(json.dumps(answer(line)), file=answers, flush=True)
