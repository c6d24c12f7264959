"""A session of the official Python SDK of the first generation, for scripts/mcp-test."""

import json
import sys

import anyio
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def session(url, key):
    headers = {"Authorization": f"Bearer {key}"}
    async with streamablehttp_client(url, headers=headers) as (read, write, _), ClientSession(read, write) as session:
        version = (await session.initialize()).protocolVersion
        tools = [tool.name for tool in (await session.list_tools()).tools]
        answers = [await session.call_tool("get_weather", {"location": place}) for place in ["London", "Nowhere"]]
        known, unknown = [answer.model_dump(mode="json", by_alias=True, exclude_none=True) for answer in answers]
        print(json.dumps({"version": version, "tools": tools, "known": known, "unknown": unknown}))


anyio.run(session, *sys.argv[1:3])
