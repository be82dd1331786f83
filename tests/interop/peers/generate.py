"""Random instances of a pydantic model, from the types of its fields."""

import collections.abc
import datetime
import enum
import types
import typing
import uuid
from random import Random
from typing import Any

import pydantic

ALPHABET = "aZ09 -_./:\\\"'\n\t\u0001\u007fé\u2028\uffff😀𝕏{}[],"


def instance_of(model: type[pydantic.BaseModel], rng: Random) -> pydantic.BaseModel:
    fields = {}
    for name, field in model.model_fields.items():
        if not field.is_required() and rng.random() < 0.2:
            continue
        known = special(name, field.annotation, rng)
        fields[name] = value_of(field.annotation, rng) if known is None else known
    return model.model_validate(fields)


def special(name: str, annotation: Any, rng: Random) -> Any:
    """Fields whose values have a form that their type does not tell."""
    if name in ("job_uuid", "uuid", "trusted_job_uuid"):
        return str(uuid.UUID(int=rng.getrandbits(128)))
    if name == "relative_path":
        return "/".join(rng.choice(["a", "é", "b c", "...", "x.bin"]) for _ in range(rng.randint(1, 4)))
    if name == "score_str":
        return f"{rng.randint(0, 10**6)}.{rng.randint(0, 999999):06}"
    if name in ("ttl", "time_took_us"):
        return rng.choice([0, 1, 2_592_000, rng.randint(0, 2_592_000)])
    if name == "port":
        return rng.randint(1, 65535)
    if name == "block_numbers":
        return [rng.randint(0, 2**32) for _ in range(rng.randint(0, 5))]
    if name == "signature" and annotation is bytes:
        return "QUJD"
    return None


def value_of(annotation: Any, rng: Random) -> Any:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return value_of(args[0], rng)
    if origin is typing.Literal:
        return rng.choice(args)
    if origin in (typing.Union, types.UnionType):
        return value_of(rng.choice(args), rng)
    if origin is list:
        return [value_of(args[0], rng) for _ in range(rng.randint(0, 4))]
    if origin in (dict, collections.abc.Mapping):
        key = args[0] if isinstance(args[0], type) and issubclass(args[0], enum.Enum) else str
        return {value_of(key, rng): value_of(args[1], rng) for _ in range(rng.randint(0, 4))}
    if annotation is type(None):
        return None
    if isinstance(annotation, type) and annotation is not Any:
        return value_of_class(annotation, rng)
    return json_value(rng, 2)


def value_of_class(annotation: type, rng: Random) -> Any:
    if issubclass(annotation, pydantic.BaseModel):
        return instance_of(annotation, rng)
    if issubclass(annotation, enum.Enum):
        return rng.choice(list(annotation))
    if annotation in (datetime.datetime, pydantic.AwareDatetime):
        return moment(rng)
    if annotation is bool:
        return rng.random() < 0.5
    if annotation is int:
        return rng.choice([0, 1, -1, rng.randint(-(2**31), 2**31), 2**53 - 1])
    if annotation is str:
        return text(rng)
    raise TypeError(f"no values for {annotation}")


def moment(rng: Random) -> datetime.datetime:
    zone = rng.choice([datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=5, minutes=30))])
    base = datetime.datetime(2001, 1, 1, tzinfo=zone) + datetime.timedelta(seconds=rng.randint(0, 10**9))
    return base.replace(microsecond=rng.choice([0, 1, 1000, 999999]))


def text(rng: Random) -> str:
    return "".join(rng.choice(ALPHABET) for _ in range(rng.randint(0, 12)))


def json_value(rng: Random, depth: int) -> Any:
    kinds = ["null", "bool", "int", "float", "text"] + (["list", "object"] if depth else [])
    match rng.choice(kinds):
        case "null":
            return None
        case "bool":
            return rng.random() < 0.5
        case "int":
            return rng.choice([0, -1, 2**53 - 1, rng.randint(-1000, 1000)])
        case "float":
            return rng.choice([0.5, -1.25, 3.0, 1e-5, 1e-7, 1.5e300])
        case "text":
            return text(rng)
        case "list":
            return [json_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return {text(rng): json_value(rng, depth - 1) for _ in range(rng.randint(0, 3))}
