//! The page for a browser: what the weather is and was at one station, or a list of all. It is one text without
//! scripts and without anything that is fetched from elsewhere.
//!
//! Its words are the labels of the answer. All else is numbers, signs and units, so that it needs no language of its
//! own.

mod axis;
mod days;
mod frame;
mod html;
mod plot;

use std::fmt::Write as _;

use self::html::Html;
use self::plot::Span;
use crate::answer::{self, Line, Options, Shown};
use crate::reading::{Snapshot, Station, Stations};
use crate::time::{Timestamp, in_words};

/// How the page looks. What comes in a `<style>` has to have the hash that [`POLICY`] names: a test computes it.
const STYLE: &str = include_str!("page/style.css");

/// The style of the page and nothing else: no script, no image, no frame, no form.
pub const POLICY: &str = "default-src 'none'; style-src 'sha256-+JKzZkHZV8NqYLME4+ObyiIRPdzfWDpAi5G+t0wyD/s='; base-uri 'none'; form-action 'none'; \
                          frame-ancestors 'none'";

/// How many stations are listed. More would be megabytes each minute.
const MAX_STATIONS: usize = 1000;

/// Room for the page of one station.
const CAPACITY: usize = 60_000;

/// What a browser asks for.
#[derive(Debug, Default)]
pub struct Wish {
    /// The name of a station, empty for one without a name.
    pub station: Option<String>,
    /// The page does not load itself again.
    pub is_still: bool,
}

/// The page, and whether what was asked for is there.
pub fn html(snapshot: &Snapshot, wish: &Wish, now: Timestamp, options: &Options) -> (bool, String) {
    let stations = snapshot.stations();
    let found = match wish.station.as_deref() {
        None if stations.len() == 1 => stations.first(),
        None => None,
        Some("") => stations.iter().find(|station| station.city.is_none()),
        Some(name) => snapshot.named(name),
    };
    let mut html = Html(String::with_capacity(CAPACITY));
    match found {
        Some(station) => {
            station.asked(now);
            one(&mut html, station, wish, now, options, stations.len() > 1);
        }
        None => all(&mut html, stations, wish, now, options),
    }
    html.0.push_str("</main>");
    (found.is_some() || wish.station.is_none(), html.0)
}

/// Adds all that stands above the weather.
fn begin(html: &mut Html, title: &str, wish: &Wish, options: &Options) {
    // The labels may be of any language.
    let is_english = options.labels[Line::Temperature] == Line::Temperature.default_label();
    html.raw(&["<!doctype html><html lang=", if is_english { "en" } else { "und" }, "><meta charset=utf-8>"]);
    html.0.push_str(
        "<meta name=viewport content=\"width=device-width\"><meta name=color-scheme content=\"light dark\">",
    );
    if !wish.is_still {
        html.0.push_str("<meta http-equiv=refresh content=60>");
    }
    html.0.push_str("<title>");
    html.text(title);
    html.raw(&["</title><style>", STYLE, "</style><header>"]);
}

/// Adds the time, and how to stop that the page loads itself again.
fn end_header(html: &mut Html, wish: &Wish, now: Timestamp) {
    // Writing to a String cannot fail.
    let _ = write!(html.0, "<p class=q>{now} ");
    html.0.push_str("<a href=\"?");
    if let Some(station) = &wish.station {
        html.0.push_str("station=");
        html.query(station);
        html.0.push_str("&amp;");
    }
    html.0.push_str(match wish.is_still {
        true => "refresh=on\" aria-label=\"Refresh each 60 s: off\">↻ –",
        false => "refresh=off\" aria-label=\"Refresh each 60 s: on\">↻ 60 s",
    });
    html.0.push_str("</a></header><main>");
}

/// Adds how old something is, with a sign if it is stale.
fn age(html: &mut Html, at: Timestamp, is_current: bool, now: Timestamp) {
    html.0.push_str(if is_current {
        "<small>"
    } else {
        "<small class=o><b role=img aria-label=stale>⚠\u{fe0e}</b> "
    });
    html.raw(&[&in_words(at.age(now)), "</small>"]);
}

fn one(html: &mut Html, station: &Station, wish: &Wish, now: Timestamp, options: &Options, has_others: bool) {
    let mut shown: Vec<Shown> =
        Line::ALL.iter().filter_map(|&line| answer::shown(station, line, now, options)).collect();
    let name = station.city.as_deref().unwrap_or("weatherhook");
    let largest =
        shown.iter().position(|shown| shown.line == Line::Temperature).map(|index| shown.remove(index));
    let title = largest.as_ref().map_or_else(|| name.to_owned(), |shown| format!("{name} · {}", shown.value));
    begin(html, &title, wish, options);
    if has_others {
        html.0.push_str("<a href=\"/\" aria-label=\"All stations\">☰</a> ");
    }
    html.0.push_str("<h1>");
    html.text(name);
    html.0.push_str("</h1>");
    end_header(html, wish, now);
    html.0.push_str("<section class=n>");
    if let Some(Shown { line, value, at, is_current }) = &largest {
        html.raw(&["<p class=\"t", if *is_current { "" } else { " o" }, "\"><b>"]);
        html.text(value);
        html.0.push_str("</b><span>");
        html.text(plot::label(*line, options));
        html.0.push(' ');
        age(html, *at, *is_current, now);
        html.0.push_str("</span>");
    }
    html.0.push_str("<dl>");
    // An age that all have is said once.
    let usual = largest.as_ref().map(|shown| in_words(shown.at.age(now)));
    for Shown { line, value, at, is_current } in &shown {
        html.raw(&["<div", if *is_current { "" } else { " class=o" }, "><dt>"]);
        html.text(plot::label(*line, options));
        html.0.push_str("<dd>");
        html.text(value);
        if !is_current || usual.as_ref() != Some(&in_words(at.age(now))) {
            html.0.push(' ');
            age(html, *at, *is_current, now);
        }
        html.0.push_str("</div>");
    }
    html.0.push_str("</dl></section>");
    let Some(diary) = &station.diary else { return };
    for (name, slots, every) in [("24 h", 144, 60), ("72 h", 432, 180)] {
        html.raw(&["<section><h2>", name, "</h2><div class=f>"]);
        Span::new(&diary.plots, name, slots, every, now).figures(html, options);
        html.0.push_str("</div></section>");
    }
    days::sections(html, diary, now, options);
}

fn all(html: &mut Html, stations: &Stations, wish: &Wish, now: Timestamp, options: &Options) {
    begin(html, "weatherhook", wish, options);
    html.0.push_str("<h1>weatherhook</h1>");
    end_header(html, wish, now);
    html.0.push_str("<ul>");
    for station in stations.iter().take(MAX_STATIONS) {
        card(html, station, wish, now, options);
    }
    html.0.push_str("</ul>");
    if let Some(more) = stations.len().checked_sub(MAX_STATIONS).filter(|more| *more > 0) {
        html.0.push_str("<p class=q>+ ");
        html.whole(html::position(more));
    }
}

fn card(html: &mut Html, station: &Station, wish: &Wish, now: Timestamp, options: &Options) {
    let name = station.city.as_deref();
    html.0.push_str("<li><a href=\"?station=");
    html.query(name.unwrap_or_default());
    html.raw(&[if wish.is_still { "&amp;refresh=off" } else { "" }, "\"><span>"]);
    html.text(name.unwrap_or("–"));
    html.0.push_str("</span>");
    let shown = Line::ALL.iter().skip(1).find_map(|&line| answer::shown(station, line, now, options));
    match shown {
        Some(Shown { value, at, is_current, .. }) => {
            html.raw(&["<b", if is_current { "" } else { " class=o" }, ">"]);
            html.text(&value);
            html.0.push_str("</b> ");
            age(html, at, is_current, now);
        }
        None => html.0.push_str("<b>–</b>"),
    }
    if let Some(diary) = &station.diary {
        Span::new(&diary.plots, "24 h", 144, 60, now).spark(html);
    }
    html.0.push_str("</a>");
}
