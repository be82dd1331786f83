"""Calls of Pylon, with the client library that ComputeHorde's services make them with."""

try:
    from pylon_client.artanis import AsyncConfig, AsyncPylonClient

    IS_NEW = True
except ImportError:
    from pylon_client.v1 import AsyncConfig, AsyncPylonClient

    IS_NEW = False


async def call(method: str, arguments: list, scope: str, netuid: int, **config: str):
    """One call, in the scope of an identity or the open one: what the library makes of the answer, or its error."""
    async with AsyncPylonClient(AsyncConfig(**config)) as client:
        api = getattr(client.v1 if IS_NEW else client, scope)
        is_of_subnet = scope == "open_access" and method not in ("get_latest_block_info", "get_extrinsic")
        try:
            answer = await getattr(api, method)(*([netuid] if is_of_subnet else []), *arguments)
        except Exception as error:
            return {"error": [cls.__name__ for cls in type(error).__mro__]}
        return {"answer": answer.model_dump(mode="json")}


OPERATIONS = {"pylon": call}
