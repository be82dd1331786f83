"""Signs and verifies with the packages' own code. Keys are sr25519, from a seed of 32 bytes in hex."""

import json

import bittensor
from compute_horde import protocol_messages as messages
from compute_horde.fv_protocol import facilitator_requests, validator_requests
from compute_horde.receipts.schemas import Receipt
from compute_horde_core.signature import SignatureException, SignedFields, signature_from_headers, verify_signature
from compute_horde_sdk.v1 import ComputeHordeClient


def keypair(seed: str) -> bittensor.Keypair:
    return bittensor.Keypair.create_from_seed(f"0x{seed}")


def address(seed: str) -> str:
    return keypair(seed).ss58_address


def verifies(hotkey: str, text: str, signature: str) -> bool:
    """As a service of the reference does it; there a malformed signature is an error, which refuses it as well."""
    try:
        return bool(bittensor.Keypair(ss58_address=hotkey).verify(text, signature))
    except (ValueError, TypeError):
        return False


SIGNED = {
    "auth": messages.ValidatorAuthForMiner,
    "accepted": messages.V0JobAcceptedReceiptRequest,
    "finished": messages.V0JobFinishedReceiptRequest,
    "started": messages.JobStartedReceiptPayload,
    "streaming": messages.V0StreamingJobReadyRequest,
}


def signed_texts(kind: str, frames: list[str]) -> list[str]:
    """The text that is signed for each object."""
    return [SIGNED[kind].model_validate_json(frame).blob_for_signing() for frame in frames]


def sign_texts(seed: str, texts: list[str]) -> list[str]:
    key = keypair(seed)
    return [f"0x{key.sign(text).hex()}" for text in texts]


def verify_texts(hotkey: str, texts: list[str], signatures: list[str]) -> list[bool]:
    return [verifies(hotkey, text, signature) for text, signature in zip(texts, signatures, strict=True)]


def verify_receipts(lines: list[str]) -> list[list[bool]]:
    """For each line of a receipt page: whether the validator's and the miner's signature verify."""
    return [verify_receipt(line) for line in lines]


def verify_receipt(line: str) -> list[bool]:
    receipt = Receipt.model_validate_json(line)
    verdicts = []
    for check in (receipt.verify_validator_signature, receipt.verify_miner_signature):
        try:
            verdicts.append(bool(check()))
        except (ValueError, TypeError):
            verdicts.append(False)
    return verdicts


def validator_login(seed: str) -> str:
    return validator_requests.V0AuthenticationRequest.from_keypair(keypair(seed)).model_dump_json()


def verify_validator_logins(frames: list[str]) -> list[bool]:
    return [verify_validator_login(frame) for frame in frames]


def verify_validator_login(frame: str) -> bool:
    try:
        return validator_requests.V0AuthenticationRequest.model_validate_json(frame).verify_signature()
    except (ValueError, TypeError):
        return False


def sign_job_messages(seed: str, frames: list[str]) -> list[str]:
    """The newest packages' `validator_signature`, put into each frame."""
    parse = messages.parse_validator_to_miner_message
    return [parse(frame).signed(keypair(seed)).model_dump_json() for frame in frames]


def verify_job_messages(hotkey: str, frames: list[str]) -> list[bool]:
    parse = messages.parse_validator_to_miner_message
    return [parse(frame).is_signed_by(hotkey) for frame in frames]


async def sign_requests(seed: str, bodies: list[str]) -> list[dict]:
    """The headers under which the SDK posts each body: scope SignedFields."""
    client = ComputeHordeClient(hotkey=keypair(seed), compute_horde_validator_hotkey="")
    return [client._get_signature_headers(json.loads(body)) for body in bodies]


async def sign_reports(seed: str, bodies: list[str]) -> list[dict]:
    """The headers under which the SDK posts a report of a cheated job: scope FullRequest."""
    client = ComputeHordeClient(hotkey=keypair(seed), compute_horde_validator_hotkey="")
    return [client._get_cheated_job_headers(json.loads(body)) for body in bodies]


def verify_requests(bodies: list[str], headers: list[dict]) -> list[bool]:
    """As a facilitator verifies job requests."""
    return [
        accepts(lambda: (SignedFields.from_facilitator_sdk_json(json.loads(body)).model_dump_json(), header))
        for body, header in zip(bodies, headers, strict=True)
    ]


def accepts(signed) -> bool:
    try:
        payload, headers = signed()
        verify_signature(payload, signature_from_headers(headers))
        return True
    except (SignatureException, ValueError):
        return False


def verify_jobs(frames: list[str]) -> list[bool]:
    """As a validator verifies the jobs and the reports that a facilitator passes on."""
    return [verify_job(frame) for frame in frames]


def verify_job(frame: str) -> bool:
    kinds = {"V2JobRequest": facilitator_requests.V2JobRequest, "V0JobCheated": facilitator_requests.V0JobCheated}
    try:
        job = kinds[json.loads(frame)["message_type"]].model_validate_json(frame)
        verify_signature(job.get_signed_payload(), job.signature)
        return True
    except (SignatureException, ValueError):
        return False


OPERATIONS = {
    operation.__name__: operation
    for operation in (
        address,
        signed_texts,
        sign_texts,
        verify_texts,
        verify_receipts,
        validator_login,
        verify_validator_logins,
        sign_job_messages,
        verify_job_messages,
        sign_requests,
        sign_reports,
        verify_requests,
        verify_jobs,
    )
}
