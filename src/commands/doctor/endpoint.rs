//! What is wrong on the way to an endpoint: what its URL says, and what Dify's calls meet there.

use std::io;

use super::call::{Expected, Reply, Target, call};
use super::explain::explain;
use super::{Findings, PING, WRONG_KEY, faulty_key};
use crate::config::Config;
use crate::endpoints::Endpoint;

/// The longest endpoint that fits Dify's form, in characters.
const MAX_ENDPOINT: usize = 255;

const QUERY: &str = r#"{"point": "app.external_data_tool.query", "params": {"app_id": "", "tool_variable": "weather", "inputs": {}, "query": ""}}"#;

/// What Dify's client of MCP, up to 1.16.0, sends for the list of the tools and for a call of one.
const INITIALIZE: &str = r#"{"method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "Dify", "version": "1.16.0"}}, "jsonrpc": "2.0", "id": 0}"#;
const INITIALIZED: &str = r#"{"method": "notifications/initialized", "jsonrpc": "2.0"}"#;
const LIST: &str = r#"{"method": "tools/list", "jsonrpc": "2.0", "id": 1}"#;
const CALL: &str = r#"{"method": "tools/call", "params": {"name": "get_weather", "arguments": {}}, "jsonrpc": "2.0", "id": 1}"#;

/// Whether it is an endpoint of MCP: Dify looks at the last part of the path, too.
fn is_mcp(target: &Target<'_>) -> bool {
    let path = target.path.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').ends_with("/mcp")
}

/// What is sent to an endpoint, in this order.
fn steps<'a>(key: &'a str, is_mcp: bool) -> Vec<Step<'a>> {
    let step = |name, body, key, expected| Step { name, body, key, expected };
    if is_mcp {
        vec![
            step("initialize", INITIALIZE, key, Expected::Version),
            step("notifications/initialized", INITIALIZED, key, Expected::Receipt),
            step("tools/list", LIST, key, Expected::Tools),
            step("tools/call", CALL, key, Expected::ToolText),
            step("initialize with a wrong key", INITIALIZE, WRONG_KEY, Expected::Version),
        ]
    } else {
        vec![
            step("ping", PING, key, Expected::Pong),
            step("query", QUERY, key, Expected::Lines),
            step("ping with a wrong key", PING, WRONG_KEY, Expected::Pong),
        ]
    }
}

/// Calls the endpoint as Dify does, and explains the answers.
pub(super) fn check(url: &str, config: &Config, findings: &mut Findings<'_>) -> io::Result<()> {
    let Some(target) = Target::parse(url) else {
        let cause = format!("{url:?} is no endpoint");
        let remedy = format!("expected one like https://weather.example.org{}", config.path);
        return findings.problem((cause, remedy));
    };
    let key = match config.keys() {
        Ok((keys, warnings)) => {
            for warning in warnings {
                findings.note(&warning)?;
            }
            keys.first()
        }
        Err(error) => {
            let remedy = "give --key-file or WEATHERHOOK_KEY: the key that is entered in Dify";
            return findings.problem(faulty_key(&error, remedy));
        }
    };
    about(&target, url, findings)?;
    let is_mcp = is_mcp(&target);
    let path = if is_mcp { Endpoint::Mcp.default_path() } else { &config.path };
    for step in steps(&key, is_mcp) {
        let reply = match call(url, &target, step.key, step.body, step.expected) {
            Ok(reply) => reply,
            Err(error) => {
                let cause = format!("curl cannot be run: {error}");
                return findings.problem((cause, "install it: sudo apt install curl".to_owned()));
            }
        };
        if !step.judge(&reply, &target, path, findings)? {
            // The steps that follow would meet the same.
            return Ok(());
        }
    }
    if is_mcp {
        return Ok(());
    }
    findings.note("next, for assistants: weatherhook doctor URL with the path /mcp, as it is entered there")
}

/// One call of the check.
struct Step<'a> {
    name: &'static str,
    body: &'static str,
    key: &'a str,
    expected: Expected,
}

impl Step<'_> {
    /// Writes what the answer says. `Ok(false)` if weatherhook was not reached.
    fn judge(
        &self,
        reply: &Reply,
        target: &Target<'_>,
        path: &str,
        findings: &mut Findings<'_>,
    ) -> io::Result<bool> {
        let Step { name, key, expected, .. } = *self;
        let expects_refusal = key == WRONG_KEY;
        match explain(reply, target, path, expected) {
            None if expects_refusal => {
                let remedy = "something before weatherhook answers in its place, such as a cache: let it pass \
                              calls on";
                findings.problem((format!("{name}: it was accepted"), remedy.to_owned()))?;
            }
            Some(_) if expects_refusal && reply.status == 401 && reply.is_our_refusal() => {
                findings.ok(&format!("{name}: refused, as it has to be"))?;
            }
            None => {
                let result = reply.result(expected).unwrap_or_default();
                findings.ok(&format!("{name}: answered in {:.0} ms\n{result}", reply.seconds * 1000.0))?;
            }
            Some((cause, remedy)) => {
                findings.problem((format!("{name}: {cause}"), remedy))?;
                findings.note(&format!("details: {}", reply.shown()))?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The end of the sentence about an address that is not public.
const SQUID_REFUSES: &str = "a self-hosted Dify's proxy (squid) refuses it until SSRF_PROXY_ALLOW_PRIVATE_IPS on \
                             ssrf_proxy, or NO_PROXY on api and worker, names it";

/// What an endpoint says by itself.
fn about(target: &Target<'_>, url: &str, findings: &mut Findings<'_>) -> io::Result<()> {
    let length = url.chars().count();
    if length > MAX_ENDPOINT && !is_mcp(target) {
        let cause = format!("the endpoint has {length} characters, and Dify takes {MAX_ENDPOINT}");
        findings.problem((cause, "set a shorter path".to_owned()))?;
    }
    if target.is_private() {
        findings.note(&format!(
            "{} is an address of your own network: Dify Cloud cannot reach it, and {SQUID_REFUSES}",
            target.host
        ))?;
    }
    if target.is_of_a_tailnet() {
        findings.note(&format!(
            "{} is a name of a tailnet: Dify Cloud, and every other machine outside the tailnet, reaches it only \
             through Tailscale Funnel; without Funnel {SQUID_REFUSES}",
            target.host
        ))?;
    }
    if target.is_https && target.port.is_some_and(|port| port != 443) {
        findings.note("a self-hosted Dify's proxy (squid) refuses https on any port but 443")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_says_by_itself_who_reaches_it() {
        let findings = |url| {
            let mut out = Vec::new();
            let mut written = Findings { out: &mut out, is_good: true };
            let target = Target::parse(url).expect("an endpoint");
            about(&target, url, &mut written).expect("written");
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(findings("https://weather.example.org/x"), "");
        assert!(
            findings("http://192.168.1.2:8000/x").contains("192.168.1.2 is an address of your own network")
        );
        let tailnet = findings("https://Pi.tail1234.ts.net./x");
        assert!(tailnet.contains("is a name of a tailnet") && !tailnet.contains("own network"), "{tailnet}");
        assert!(tailnet.contains("NO_PROXY"), "{tailnet}");
        assert!(findings("https://weather.example.org:8443/x").contains("any port but 443"));
    }
}
