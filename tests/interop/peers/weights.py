"""What bittensor, NumPy and Python make of scores, the burn and cycles."""

import random

import numpy as np
from bittensor.utils.weight_utils import process_weights
from compute_horde.subtensor import get_cycle_containing_block


def weigh(scores: list[float], least: int, limit: int, burn: dict | None) -> list[list[float]]:
    """Uids and weights of neurons 0 to n - 1. The burn has its parts by uid, in the order in which they are added."""
    uids = np.arange(len(scores), dtype=np.int64)
    weights = np.array(scores, dtype=np.float32)
    highest = float(limit) / 65535
    if any(scores):
        uids, weights = process_weights(uids, weights, len(scores), least, highest)
    if burn:
        weights = weights * (1 - burn["rate"])
        for uid, part in burn["parts"]:
            if uid in uids:
                at = np.where(uids == uid)[0]
                weights[at] = weights[at] + part
            else:
                uids, weights = np.append(uids, uid), np.append(weights, part)
        uids, weights = process_weights(uids, weights, len(scores), least, highest)
    return [[int(uid) for uid in uids], [float(weight) for weight in weights]]


def weigh_all(cases: list[dict]) -> list[list[list[float]]]:
    with np.errstate(all="ignore"):
        return [weigh(**case) for case in cases]


def choices(draws: list[tuple[str, int]]) -> list[int]:
    """What is drawn from a range of each size with each seed; seeds come as text, since they may be large."""
    return [random.Random(int(seed)).choice(range(size)) for seed, size in draws]


def cycles(netuid: int, blocks: list[int]) -> list[list[int]]:
    found = [get_cycle_containing_block(block, netuid) for block in blocks]
    return [[cycle.start, cycle.stop] for cycle in found]


OPERATIONS = {"weigh_all": weigh_all, "choices": choices, "cycles": cycles}
