// A session of an official TypeScript SDK, for scripts/mcp-test:
// node typescript.mjs URL KEY 1|2-legacy|2-auto|mcp-remote [DIRECTORY]

import { createRequire } from "node:module";

const [url, key, kind, directory] = process.argv.slice(2);
const authorization = `Bearer ${key}`;
const info = { name: "mcp-test", version: "1" };

async function http(Client, Transport, options) {
    const client = new Client(info, options);
    await client.connect(new Transport(new URL(url), { requestInit: { headers: { authorization } } }));
    return client;
}

// Claude Desktop and others start it, and speak to it by standard input and output.
async function remote() {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
    const program = createRequire(import.meta.url).resolve("mcp-remote/dist/proxy.js");
    const client = new Client(info);
    await client.connect(new StdioClientTransport({
        command: process.execPath,
        args: [program, url, "--allow-http", "--header", `Authorization: ${authorization}`],
        // Where it keeps what it learns about servers.
        env: { ...process.env, MCP_REMOTE_CONFIG_DIR: directory },
        stderr: "inherit",
    }));
    return client;
}

async function connect() {
    if (kind === "mcp-remote") {
        return remote();
    }
    if (kind === "1") {
        const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
        const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
        return http(Client, StreamableHTTPClientTransport, {});
    }
    const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    return http(Client, StreamableHTTPClientTransport, { versionNegotiation: { mode: kind.slice(2) } });
}

const client = await connect();
// mcp-remote has agreed on a version itself, and keeps it to itself.
const version = client.getNegotiatedProtocolVersion?.() ?? client.transport.protocolVersion;
const tools = (await client.listTools()).tools.map((tool) => tool.name);
const ask = (location) => client.callTool({ name: "get_weather", arguments: { location } });
const [known, unknown] = [await ask("London"), await ask("Nowhere")];
console.log(JSON.stringify({ version, tools, known, unknown }));
await client.close();
process.exit(0);
