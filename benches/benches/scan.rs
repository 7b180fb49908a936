//! Reading: every input in chunks of every size; opening a stream; making a scanner.

use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;

use blackbar_benches::counts::{self, CHUNKS};
use blackbar_benches::inputs::{HOSTILE, TYPICAL};
use blackbar_benches::{chunks, redact, safe_harbor, scanner};
use blackbar_engine::Format;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const EXPECTED: &str = include_str!("../expected.txt");
const MEGABYTE: usize = 1024 * 1024;

/// The figures beside the times. A benchmark that finds something else measures something else.
fn count(_: &mut Criterion) {
    let rows = counts::all(&scanner().expect("valid detectors"), &safe_harbor());
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "{}", counts::HEAD);
    for row in &rows {
        let _ = writeln!(out, "{row}");
    }
    if let Err(wrong) = counts::compare(&rows, EXPECTED) {
        let _ = writeln!(
            out,
            "\nother counts than benches/expected.txt has:\n{wrong}\n\nif that is meant: cargo run --release -p \
             blackbar-benches --example counts > benches/expected.txt"
        );
        std::process::exit(1);
    }
}

fn read(c: &mut Criterion) {
    let (scanner, profile) = (scanner().expect("valid detectors"), safe_harbor());
    for input in TYPICAL.iter().chain(&HOSTILE) {
        let mut group = c.benchmark_group(format!("scan/{}", input.name));
        group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
        let typical = TYPICAL.iter().any(|other| other.name == input.name);
        let sizes = CHUNKS.iter().filter(|(name, _)| typical || *name == "16KB");
        for (name, size) in sizes {
            let len = match (*size, typical) {
                (1, _) => 64 * 1024,
                (64, _) => MEGABYTE,
                (_, true) => 4 * MEGABYTE,
                (_, false) => MEGABYTE,
            };
            let doc = (input.make)(len);
            let chunks = chunks(&doc, *size);
            let expected = redact(&scanner, &profile, input.format, &chunks);
            group.throughput(Throughput::Bytes(len as u64));
            group.bench_function(*name, |b| {
                b.iter(|| {
                    let done = redact(&scanner, &profile, input.format, black_box(&chunks));
                    assert_eq!(done, expected, "a second reading gives the same");
                });
            });
        }
        group.finish();
    }
}

fn open(c: &mut Criterion) {
    let (scanner, profile) = (scanner().expect("valid detectors"), safe_harbor());
    let mut group = c.benchmark_group("open");
    group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for format in [Format::Text, Format::Json, Format::CSV] {
        group.bench_function(format.name(), |b| b.iter(|| scanner.redactor_for(&profile, format, "document")));
    }
    group.sample_size(10);
    group.bench_function("scanner", |b| b.iter(|| blackbar_benches::scanner().expect("valid detectors")));
    group.finish();
}

criterion_group!(benches, count, read, open);
criterion_main!(benches);
