"""A session of the official Python SDK of the second generation, for scripts/mcp-test."""

import json
import sys

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def session(url, key, mode):
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        tools = [tool.name for tool in (await client.list_tools()).tools]
        answers = [await client.call_tool("get_weather", {"location": place}) for place in ["London", "Nowhere"]]
        known, unknown = [answer.model_dump(mode="json", by_alias=True, exclude_none=True) for answer in answers]
        print(json.dumps({"version": client.protocol_version, "tools": tools, "known": known, "unknown": unknown}))


anyio.run(session, *sys.argv[1:4])
