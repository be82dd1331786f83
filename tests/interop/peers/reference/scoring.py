"""What ComputeHorde's validator makes of a cycle: which jobs it pays, scores, weights. Its own code, on a database."""

import logging
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest import mock

import django

django.setup()

from compute_horde.receipts.models import JobFinishedReceipt, JobStartedReceipt  # noqa: E402
from compute_horde_validator.validator.allowance import default as allowance  # noqa: E402
from compute_horde_validator.validator.allowance.types import (  # noqa: E402
    CannotSpend,
    ErrorWhileSpending,
    ValidatorModel,
)
from compute_horde_validator.validator.allowance.utils import spending  # noqa: E402
from compute_horde_validator.validator.allowance.utils.blocks import process_block_allowance  # noqa: E402
from compute_horde_validator.validator.models import Miner  # noqa: E402
from compute_horde_validator.validator.models.allowance.internal import AllowanceMinerManifest  # noqa: E402
from compute_horde_validator.validator.models.scoring.internal import MinerMainHotkey  # noqa: E402
from compute_horde_validator.validator.scoring import engine, tasks  # noqa: E402
from constance import config  # noqa: E402
from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

logging.disable(logging.CRITICAL)
call_command("migrate", run_syncdb=True, verbosity=0)

CYCLE = 722


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


class Chain:
    """A subnet in which nothing changes but the block."""

    def __init__(self, cycle: dict) -> None:
        self.head = cycle["head"]
        self.times = {block["number"]: moment(block["at"]) for block in cycle["blocks"]}
        self.limits = cycle["limits"]
        self.neurons = [SimpleNamespace(**neuron) for neuron in cycle["neurons"]]

    def get_current_exact_block(self) -> int:
        return self.head

    def get_block_timestamp(self, number: int) -> datetime:
        return self.times[number]

    def get_hyperparameters(self, _number: int) -> dict:
        return self.limits

    def list_neurons(self, _number: int) -> list:
        return self.neurons

    def list_validators(self, _number: int) -> list[ValidatorModel]:
        """As Pylon lists them: the largest stake first."""
        validators = sorted((n for n in self.neurons if n.stake > 0), key=lambda n: n.stake, reverse=True)
        return [ValidatorModel(uid=n.uid, hotkey=n.hotkey, effective_stake=n.stake) for n in validators]

    def wallet(self):
        return SimpleNamespace(get_hotkey=lambda: SimpleNamespace(ss58_address="v0"))


def fill(cycle: dict, chain: Chain) -> None:
    """Has the database hold what a validator has seen of a cycle, and nothing else."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
    with connection.cursor() as cursor:
        cursor.execute(f"truncate {', '.join(tables)} cascade")
    config.DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER = cycle["multiplier"]
    config.DYNAMIC_EXECUTOR_CLASS_WEIGHTS = cycle["class_weights"]
    config.DYNAMIC_BURN_TARGET_SS58ADDRESSES = cycle["burn"]["targets"]
    config.DYNAMIC_BURN_RATE = cycle["burn"]["rate"]
    config.DYNAMIC_BURN_PARTITION = cycle["burn"]["partition"]
    config.DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_LOWER = cycle["leeway"]["lower"]
    config.DYNAMIC_SPENDING_VALIDATION_BLOCK_LEEWAY_UPPER = cycle["leeway"]["upper"]
    Miner.objects.bulk_create(
        Miner(uid=neuron.uid, hotkey=neuron.hotkey, coldkey=neuron.coldkey) for neuron in chain.neurons
    )
    manifests = [
        AllowanceMinerManifest(
            miner_ss58address=manifest["hotkey"],
            block_number=manifest["block"],
            success=True,
            executor_class=manifest["executor_class"],
            is_drop=manifest["is_drop"],
            executor_count=manifest["count"],
        )
        for manifest in cycle["manifests"]
    ]
    AllowanceMinerManifest.objects.bulk_create(manifests)
    for number in sorted(chain.times):
        process_block_allowance(number, chain)
    label = (cycle["head"] - CYCLE - 1) // CYCLE * CYCLE
    MinerMainHotkey.objects.bulk_create(
        MinerMainHotkey(coldkey=one["coldkey"], cycle_start=start, main_hotkey=one[which])
        for one in cycle["main_hotkeys"]
        for which, start in (("current", label), ("previous", label - CYCLE))
    )
    for job in cycle["jobs"]:
        common = {
            "job_uuid": job["uuid"],
            "validator_hotkey": job["validator"],
            "miner_hotkey": job["miner"],
            "validator_signature": "0x",
            "miner_signature": "0x",
        }
        JobStartedReceipt.objects.create(
            **common,
            timestamp=moment(job["started_at"]),
            executor_class=job["executor_class"],
            is_organic=True,
            ttl=7,
        )
        JobFinishedReceipt.objects.create(
            **common,
            timestamp=moment(job["finished_at"]),
            time_started=moment(job["started_at"]),
            time_took_us=1,
            score_str=f"{job['cost']:.6f}",
            block_numbers=job["blocks"],
        )


class Verdicts(dict):
    """What becomes of each job that is to be paid, by its uuid; and how many blocks gave just what their job cost."""

    exact = 0


@contextmanager
def noted_verdicts(cycle: dict):
    uuids = {moment(job["started_at"]): job["uuid"] for job in cycle["jobs"]}
    verdicts = Verdicts()
    keeper = spending.InMemorySpendingBookkeeper
    spend, allowances_of = keeper.spend, keeper._get_blocks_allowances
    values: dict[int, float] = {}

    def noting_values(self, triplet, blocks):
        values.clear()
        values.update(allowances_of(self, triplet, blocks))
        return dict(values)

    def noting(self, triplet, spend_time, offered_blocks, spend_amount):
        def note(details, **said) -> None:
            verdicts[uuids[spend_time]] = {
                **said,
                "outside_range": len(details.outside_range_blocks),
                "double_spent": len(details.double_spent_blocks),
            }

        try:
            details = spend(self, triplet, spend_time, offered_blocks, spend_amount)
            note(details, accepted=len(details.spent_blocks))
            verdicts.exact += 0 < details.spendable_amount == spend_amount
            return details
        except CannotSpend as error:
            # The verdict is by a sum in the order of a set; ours, and this one, has the oldest block first.
            note(error.details, too_little=sum(values[block] for block in sorted(values)))
            raise
        except ErrorWhileSpending:
            verdicts[uuids[spend_time]] = "no block"
            raise

    with (
        mock.patch.object(keeper, "spend", noting),
        mock.patch.object(keeper, "_get_blocks_allowances", noting_values),
    ):
        yield verdicts


def score_cycle(cycle: dict) -> dict:
    """Has the task that sets weights run in the block at which they are handed in."""
    chain = Chain(cycle)
    pylon = mock.MagicMock()
    scores: dict[str, dict[str, float]] = {}

    def noted_scores(start: int, end: int):
        scores.update(calculate(start, end))
        return scores

    calculate = engine.calculate_allowance_paid_job_scores
    with (
        mock.patch.object(allowance, "supertensor", lambda: chain),
        mock.patch.object(tasks, "supertensor", lambda: chain),
        mock.patch.object(tasks, "pylon_client", lambda **_: pylon),
        mock.patch.object(engine, "query_miner_main_hotkeys", lambda _miners: {}),
        mock.patch.object(engine, "calculate_allowance_paid_job_scores", noted_scores),
        noted_verdicts(cycle) as verdicts,
    ):
        fill(cycle, chain)
        tasks.set_scores()
    (weights,) = pylon.__enter__().identity.put_weights.call_args.args
    outcome = {
        "verdicts": verdicts,
        "scores": {str(name): of_class for name, of_class in scores.items() if of_class},
        "weights": {hotkey: float(weight) for hotkey, weight in weights.items()},
    }
    return {"outcome": outcome, "exact": verdicts.exact}


OPERATIONS = {"score_cycle": score_cycle}
