//! Prints what judging a statement costs: `cargo run --release -p blackbar-sql --example cost`.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::Instant;

use blackbar_sql::{Catalog, Column, Relation, RelationKind, Session, analyse};

const STATEMENTS: &[(&str, &str)] = &[
    ("constant", "SELECT 1"),
    ("by key", "SELECT name, mrn FROM clinical.patients WHERE id = $1"),
    ("star", "SELECT * FROM clinical.patients WHERE ssn = $1 LIMIT 10"),
    (
        "join and group",
        "SELECT p.name, count(*), max(e.admitted) FROM clinical.patients p JOIN clinical.encounters e ON e.patient_id = \
         p.id WHERE e.admitted > $1 AND p.mrn IN ($2, $3, $4) GROUP BY p.name ORDER BY 2 DESC LIMIT $5",
    ),
    (
        "recursive",
        "WITH RECURSIVE t(id, name, depth) AS (SELECT id, name, 1 FROM clinical.patients WHERE id = 1 UNION ALL SELECT \
         p.id, p.name, t.depth + 1 FROM t JOIN clinical.patients p ON p.id = t.id + 1 WHERE t.depth < 10) SELECT * FROM t",
    ),
    ("insert", "INSERT INTO clinical.encounters (patient_id, admitted) VALUES ($1, $2) RETURNING id"),
];

fn main() -> io::Result<()> {
    let catalog = catalog();
    let session = Session::default();
    let mut out = io::stdout().lock();
    for (name, text) in STATEMENTS {
        let mut times: Vec<f64> = (0..2_000)
            .map(|_| {
                let start = Instant::now();
                black_box(analyse(black_box(text), &catalog, &session));
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        times.sort_by(f64::total_cmp);
        writeln!(
            out,
            "{name:<16} {:>5} bytes  p50 {:>7.1} µs  p99 {:>7.1} µs",
            text.len(),
            times[1_000],
            times[1_980]
        )?;
    }
    Ok(())
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::new(1);
    for (oid, name, columns) in [
        (1, "patients", ["id", "mrn", "name", "ssn", "born"].as_slice()),
        (2, "encounters", &["id", "patient_id", "admitted", "note"]),
    ] {
        let columns = columns.iter().zip(1_i16..).map(|(name, number)| Column {
            name: (*name).to_owned(),
            number,
            type_name: "text".to_owned(),
            not_null: false,
        });
        catalog.add_relation(Relation {
            schema: "clinical".to_owned(),
            name: name.to_owned(),
            oid,
            kind: RelationKind::Table,
            columns: columns.collect(),
            definition: None,
            parents: Vec::new(),
        });
    }
    catalog
}
