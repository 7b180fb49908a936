//! One input through every lens: what it costs to know the format.

use std::hint::black_box;
use std::time::Duration;

use blackbar_benches::inputs::TYPICAL;
use blackbar_benches::{chunks, redact, safe_harbor, scanner};
use blackbar_engine::Format;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn lenses(c: &mut Criterion) {
    const LEN: usize = 2 * 1024 * 1024;
    let (scanner, profile) = (scanner().expect("valid detectors"), safe_harbor());
    let input = TYPICAL.iter().find(|input| input.name == "ndjson").expect("one of the inputs");
    let chunks = chunks(&(input.make)(LEN), 16 * 1024);
    let mut group = c.benchmark_group("lens/ndjson");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Bytes(LEN as u64));
    for format in [Format::Text, Format::Json, Format::Ndjson, Format::CSV] {
        let expected = redact(&scanner, &profile, format, &chunks);
        assert!(expected.findings > 1000, "{format} finds identifiers too");
        group.bench_function(format.name(), |b| {
            b.iter(|| assert_eq!(redact(&scanner, &profile, format, black_box(&chunks)), expected));
        });
    }
    group.finish();
}

criterion_group!(benches, lenses);
criterion_main!(benches);
