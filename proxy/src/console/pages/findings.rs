//! What was replaced over time, as charts and as numbers.

use std::collections::BTreeMap;
use std::time::SystemTime;

use blackbar_ledger::Time;
use maud::{Markup, html};

use super::super::{House, Page};
use super::{COLOURS, colour, legend, several, shown};
use crate::console::form::Form;
use crate::console::logins::Login;
use crate::console::replay::inert;

/// What a chart covers: its bars, and how many hours each of them is.
struct Span {
    name: &'static str,
    words: &'static str,
    bars: u64,
    hours: u64,
}

const SPANS: [Span; 3] = [
    Span { name: "day", words: "24 hours", bars: 24, hours: 1 },
    Span { name: "week", words: "7 days", bars: 28, hours: 6 },
    Span { name: "month", words: "30 days", bars: 30, hours: 24 },
];

/// One bar, by colour.
#[derive(Default)]
struct Bar {
    begins: u64,
    counts: BTreeMap<&'static str, u64>,
}

pub(in crate::console) fn page(house: &House, login: &Login, query: &Form) -> Result<Page, Page> {
    house.looks(login, "console.findings", None)?;
    let chosen = query.get("span").unwrap_or("day");
    let span = SPANS.iter().find(|span| span.name == chosen).unwrap_or(&SPANS[0]);
    let now = Time::from(SystemTime::now()).micros() / 3_600_000_000;
    let end = now / span.hours * span.hours + span.hours;
    let from = end.saturating_sub(span.bars * span.hours);
    let mut bars: Vec<Bar> =
        (0..span.bars).map(|at| Bar { begins: from + at * span.hours, ..Bar::default() }).collect();
    let (mut kinds, mut targets, mut subjects) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut requests, mut denied) = (0, 0);
    let index = house.index()?;
    for (hour, counts) in index.hours(from) {
        let at = usize::try_from((hour - from) / span.hours).unwrap_or(usize::MAX);
        for (kind, count) in &counts.by_kind {
            *kinds.entry((*kind).to_owned()).or_default() += count;
            if let Some(bar) = bars.get_mut(at) {
                *bar.counts.entry(colour(kind)).or_default() += count;
            }
        }
        sum(&mut targets, &counts.by_target);
        sum(&mut subjects, &counts.by_subject);
        requests += counts.requests;
        denied += counts.denied;
    }
    drop(index);
    let all: u64 = kinds.values().sum();
    let body = html! {
        h1 { "Findings" }
        nav class="tabs" aria-label="Time" {
            @for one in &SPANS { a href={ "/findings?span=" (one.name) } aria-current=[(one.name == span.name).then_some("true")] { (one.words) } }
        }
        p role="status" { (several(all, "identifier")) " replaced in " (several(requests, "request")) ", of which " (denied) " were denied." }
        (chart(&bars, span))
        (legend(true))
        div class="columns" {
            section { h2 { "By kind" } (table("By kind", &kinds, all, true)) }
            section { h2 { "By target" } (table("By target", &targets, all, false)) }
            section { h2 { "By subject" } (table("By subject", &subjects, all, false)) }
        }
    };
    Ok(shown("Findings", "findings", body))
}

fn sum(into: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>) {
    for (name, count) in from {
        *into.entry(name.clone()).or_default() += count;
    }
}

const WIDTH: u64 = 960;
const HEIGHT: u64 = 200;
const LEFT: u64 = 48;
const FOOT: u64 = 24;

fn chart(bars: &[Bar], span: &Span) -> Markup {
    let most = bars.iter().map(|bar| bar.counts.values().sum::<u64>()).max().unwrap_or(0);
    let top = round_up(most);
    let step = (WIDTH - LEFT) / span.bars;
    let all: u64 = bars.iter().flat_map(|bar| bar.counts.values()).sum();
    let label = format!("{all} identifiers over {}, at most {most} in {} hours", span.words, span.hours);
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Chart" {
            svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT + FOOT) } width=(WIDTH) height=(HEIGHT + FOOT) role="img" aria-label=(label) {
                @for line in 0..=4_u64 {
                    @let y = HEIGHT - (HEIGHT - 10) * line / 4;
                    line class="grid" x1=(LEFT) x2=(WIDTH) y1=(y) y2=(y) {}
                    @if line % 2 == 0 { text x=(LEFT - 6) y=(y + 4) text-anchor="end" { (top * line / 4) } }
                }
                @for (at, bar) in (0_u64..).zip(bars) {
                    (stack(bar, LEFT + at * step + 1, step.saturating_sub(3), top))
                    @if at % (span.bars / 6).max(1) == 0 { text x=(LEFT + at * step) y=(HEIGHT + 16) { (hour(bar.begins, span)) } }
                }
            }
        }
    }
}

fn stack(bar: &Bar, x: u64, width: u64, top: u64) -> Markup {
    let mut y = HEIGHT;
    let parts: Vec<(&str, &str, u64, u64, u64)> = COLOURS
        .iter()
        .filter_map(|(class, words)| {
            let count = *bar.counts.get(class)?;
            let height = ((HEIGHT - 10) * count / top.max(1)).max(u64::from(count > 0));
            y = y.saturating_sub(height);
            Some((*class, *words, count, y, height))
        })
        .collect();
    html! {
        @for (class, words, count, y, height) in parts {
            rect class={ "bar " (class) } x=(x) y=(y) width=(width) height=(height) { title { (count) " " (words) } }
        }
    }
}

/// A number that is at least this one and easy to read on an axis.
fn round_up(most: u64) -> u64 {
    let mut unit = 4;
    loop {
        for times in [1, 2, 5] {
            if unit * times >= most {
                return unit * times;
            }
        }
        unit *= 10;
    }
}

/// When a bar begins, as short as the chart allows.
fn hour(hours: u64, span: &Span) -> String {
    let text = Time::from_micros(hours * 3_600_000_000).to_string();
    if span.hours == 1 { text.get(11..16) } else { text.get(5..10) }.unwrap_or_default().to_owned()
}

fn table(caption: &str, counts: &BTreeMap<String, u64>, all: u64, coloured: bool) -> Markup {
    let mut rows: Vec<(&String, &u64)> = counts.iter().filter(|(_, count)| **count > 0).collect();
    rows.sort_by(|one, other| other.1.cmp(one.1));
    html! {
        @if rows.is_empty() { p class="dim" { "None." } } @else {
            table class="small" {
                caption class="hidden" { (caption) }
                thead { tr { th scope="col" { "Name" } th scope="col" class="number" { "Replaced" } th scope="col" class="number" { "Share" } } }
                tbody {
                    @for (name, count) in rows.into_iter().take(30) {
                        tr {
                            td { @if coloured { mark class=(colour(name)) { (name) } } @else { (inert(name)) } }
                            td class="number" { (count) }
                            td class="number" { (count * 100 / all.max(1)) " %" }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!([0, 4, 5, 21, 4000, 4001].map(round_up), [4, 4, 8, 40, 4000, 8000]);
    }

    #[test]
    fn a_bar_is_as_high_as_its_counts() {
        let bar = Bar { begins: 0, counts: [("person", 5), ("time", 5)].into() };
        let svg = stack(&bar, 10, 8, 10).into_string();
        assert_eq!(svg.matches("height=\"95\"").count(), 2);
        assert!(svg.contains("5 names, ages"));
    }
}
