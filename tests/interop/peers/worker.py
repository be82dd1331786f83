"""Answers questions about the ComputeHorde packages of the environment that runs it.

usage: worker.py MODULE...

One JSON object a line on standard input, `{"op": …, …}`, and one on standard output for each, in order. The operations
are the functions that the modules register.
"""

import asyncio
import importlib
import json
import os
import sys
import traceback

# The packages log to standard output; the answers keep a copy of it for themselves.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

OPERATIONS = {"ready": lambda: None}
for name in sys.argv[1:]:
    OPERATIONS |= importlib.import_module(name).OPERATIONS


def answer(line: str) -> dict:
    question = json.loads(line)
    try:
        result = OPERATIONS[question.pop("op")](**question)
        return {"result": asyncio.run(result) if asyncio.iscoroutine(result) else result}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}


for line in sys.stdin:
    print(json.dumps(answer(line)), file=answers, flush=True)
