"""Reads frames with the packages' own models, and makes instances of them."""

import random
import typing
from typing import Annotated, Any

import pydantic
from compute_horde import protocol_messages as messages
from compute_horde.fv_protocol import facilitator_requests, validator_requests
from compute_horde.receipts.schemas import Receipt
from generate import instance_of

# The newest packages read a validator's frames with a function of their own, which also keeps what was signed.
parse_validator_to_miner = getattr(messages, "parse_validator_to_miner_message", None)


def adapter(type_: Any) -> pydantic.TypeAdapter:
    return pydantic.TypeAdapter(type_)


FROM_FACILITATOR = Annotated[
    facilitator_requests.V2JobRequest | facilitator_requests.V0JobCheated,
    pydantic.Field(discriminator="message_type"),
]
FROM_VALIDATOR = Annotated[
    validator_requests.V0AuthenticationRequest
    | validator_requests.V0Heartbeat
    | validator_requests.JobStatusUpdate
    | validator_requests.V0MachineSpecsUpdate,
    pydantic.Field(discriminator="message_type"),
]

TYPES: dict[str, Any] = {
    "validator -> miner": messages.ValidatorToMinerMessage,
    "miner -> executor": messages.MinerToExecutorMessage,
    "executor -> miner": messages.ExecutorToMinerMessage,
    "miner -> validator": messages.MinerToValidatorMessage,
    "facilitator -> validator": FROM_FACILITATOR,
    "validator -> facilitator": FROM_VALIDATOR,
    "facilitator's answers": facilitator_requests.Response,
    "receipt pages": Receipt,
}
READERS = {name: adapter(type_).validate_json for name, type_ in TYPES.items()}
if parse_validator_to_miner:
    READERS["validator -> miner"] = parse_validator_to_miner


def read(link: str, frames: list[str]) -> list[dict]:
    """Each frame as the reader of a link takes it: its dump, or what it says against it."""
    return [read_one(link, frame) for frame in frames]


def read_one(link: str, frame: str) -> dict:
    try:
        return {"dump": READERS[link](frame).model_dump_json()}
    except ValueError as error:
        return {"error": type(error).__name__, "says": str(error)[:300]}


def words(link: str) -> list[str]:
    """The messages that a link knows, by the word in their `message_type`."""
    return sorted(models_of(link))


def models_of(link: str) -> dict[str, type[pydantic.BaseModel]]:
    type_ = TYPES[link]
    args = typing.get_args(type_)
    members = typing.get_args(args[0]) if args else (type_,)
    named = {}
    for model in members:
        field = model.model_fields.get("message_type")
        named[field.default if field else model.__name__] = model
    return named


def generate(link: str, word: str, count: int, seed: int) -> list[str]:
    """Random instances of a message, as the packages write them."""
    rng = random.Random(seed)
    model = models_of(link)[word]
    return [instance_of(model, rng).model_dump_json() for _ in range(count)]


OPERATIONS = {"read": read, "words": words, "generate": generate}
