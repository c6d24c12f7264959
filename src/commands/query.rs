//! `weatherhook query`: the answer that Dify would get about a place.

use std::io::{self, Write};

use crate::answer;
use crate::config::Config;
use crate::sampler::Sampler;
use crate::time::Timestamp;

/// Reads all sources once and prints the answer about `place`, or about the default station.
pub(super) fn run(config: Config, place: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let now = Timestamp::now();
    let mut sampler = Sampler::new(config.sampler);
    sampler.sample(now);
    let text = answer::answer(&sampler.snapshot(now), place, None, now, &config.answer);
    writeln!(out, "{text}")
}
