//! Replacing one value, by each operator.

use std::hint::black_box;
use std::time::Duration;

use blackbar_benches::PHI;
use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::{Context, Keyring, Operator, apply};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn operators(c: &mut Criterion) {
    let keys = Keyring::new(KeyFile::from_bytes([7; 32]), "benches");
    let context = Context { values: &PHI, keys: Some(&keys), subject: Some(b"subject") };
    let numbers: Vec<Vec<u8>> =
        (0..100).map(|i| format!("{}-{}-{}", 100 + i, 10 + i % 80, 1000 + 37 * i).into()).collect();
    let dates: Vec<Vec<u8>> =
        (0..100).map(|i| format!("{:02}/{:02}/19{}", 1 + i % 12, 1 + i % 28, 10 + i % 90).into()).collect();
    let names: Vec<Vec<u8>> = ["John Smith", "Maria García-López", "O'Brien, Anna"].map(Into::into).into();
    let cases: [(Operator, &str, &[Vec<u8>]); 9] = [
        (Operator::Tag, "ssn", &numbers),
        (Operator::Mask, "ssn", &numbers),
        (Operator::Token, "ssn", &numbers),
        (Operator::Fpe, "ssn", &numbers),
        (Operator::Surrogate, "ssn", &numbers),
        (Operator::Surrogate, "name", &names),
        (Operator::Token, "name", &names),
        (Operator::Generalise, "date", &dates),
        (Operator::Shift, "date", &dates),
    ];
    let mut group = c.benchmark_group("operator");
    group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for (operator, kind, values) in cases {
        for value in values {
            assert_eq!(apply(operator, kind, value, &context).applied, operator, "{kind} can be treated");
        }
        group.throughput(Throughput::Elements(values.len() as u64));
        group.bench_function(format!("{operator}/{kind}"), |b| {
            b.iter(|| {
                for value in values {
                    black_box(apply(operator, kind, black_box(value), &context));
                }
            });
        });
    }
    let tokens: Vec<String> = numbers.iter().map(|value| keys.token("ssn", value).expect("short enough")).collect();
    group.throughput(Throughput::Elements(tokens.len() as u64));
    group.bench_function("open-token/ssn", |b| {
        b.iter(|| tokens.iter().for_each(|token| drop(keys.open_token(black_box(token)).expect("its own"))));
    });
    group.finish();
}

criterion_group!(benches, operators);
criterion_main!(benches);
