//! What comes out of a database: statements of a dump, and rows of COPY.

use crate::cast::Cast;
use crate::rich::Rich;
use crate::scribe::Scribe;
use crate::table::{Column, choose};
use crate::writer::{Encoding, Syntax, Writer};

const SQL: Encoding = Encoding { xml: false, syntax: Syntax::Sql };
const COPY: Encoding = Encoding { xml: false, syntax: Syntax::Copy };

/// A table with its rows, in one of the ways in which dumps spell them.
pub(crate) fn statements(scribe: &mut Scribe) -> Writer {
    let (names, columns) = named(scribe);
    let table = *scribe.rng.pick(&["patients", "public.registrations", "encounter_export"]);
    let mut out = Writer::default();
    out.syntax("-- a dump\nSET client_encoding = 'UTF8';\n");
    if let Some((schema, _)) = table.split_once('.') {
        out.syntax(&format!("CREATE SCHEMA IF NOT EXISTS {schema};\n"));
    }
    out.syntax(&format!("CREATE TABLE {table} (\n    {}\n);\n", names.join(" text,\n    ") + " text"));
    let listed = names.join(", ");
    let count = scribe.rng.range(4, 16);
    match scribe.rng.index(4) {
        0 => {
            out.syntax(&format!("COPY {table} ({listed}) FROM stdin;\n"));
            for _ in 0..count {
                row(scribe, &columns, &mut out);
            }
            out.syntax("\\.\n");
        }
        1 => {
            out.syntax(&format!("INSERT INTO {table} ({listed}) VALUES\n"));
            for i in 0..count {
                values(scribe, &columns, &mut out);
                out.syntax(if i + 1 < count { ",\n" } else { ";\n" });
            }
        }
        way => {
            for _ in 0..count {
                let names = if way == 2 { format!(" ({listed})") } else { String::new() };
                out.syntax(&format!("INSERT INTO {table}{names} VALUES "));
                values(scribe, &columns, &mut out);
                out.syntax(";\n");
            }
        }
    }
    let (name, column) = (&names[0], columns[0]);
    out.syntax(&format!("UPDATE {table} SET {name} = '"));
    out.rich(&scribe.fill(column.cell), SQL, &mut scribe.rng);
    out.syntax(&format!("' WHERE {name} IS NULL;\n"));
    out
}

/// Rows of COPY as text, which nothing names the columns of.
pub(crate) fn rows(scribe: &mut Scribe) -> Writer {
    let columns = choose(false, &mut scribe.rng);
    let mut out = Writer::default();
    for _ in 0..scribe.rng.range(4, 20) {
        row(scribe, &columns, &mut out);
    }
    out
}

/// Columns with names that no two of them share.
fn named(scribe: &mut Scribe) -> (Vec<String>, Vec<&'static Column>) {
    let (mut names, mut columns) = (Vec::new(), Vec::new());
    for column in choose(true, &mut scribe.rng) {
        let name = scribe.rng.pick(column.headers).to_lowercase().replace([' ', '-'], "_");
        if !names.contains(&name) {
            names.push(name);
            columns.push(column);
        }
    }
    (names, columns)
}

/// A cell, or none, as of one in twenty-five.
fn cell(scribe: &mut Scribe, column: &Column) -> Option<Rich> {
    (!scribe.rng.chance(4)).then(|| scribe.fill(column.cell))
}

fn row(scribe: &mut Scribe, columns: &[&Column], out: &mut Writer) {
    for (column, i) in columns.iter().zip(0..) {
        if i > 0 {
            out.syntax("\t");
        }
        match cell(scribe, column) {
            Some(cell) => out.rich(&cell, COPY, &mut scribe.rng),
            None => out.syntax("\\N"),
        }
    }
    out.syntax("\n");
    scribe.cast = Cast::random(&mut scribe.rng);
}

fn values(scribe: &mut Scribe, columns: &[&Column], out: &mut Writer) {
    for (column, i) in columns.iter().zip(0..) {
        out.syntax(if i == 0 { "(" } else { ", " });
        match cell(scribe, column) {
            Some(cell) => {
                out.syntax("'");
                out.rich(&cell, SQL, &mut scribe.rng);
                out.syntax("'");
            }
            None => out.syntax("NULL"),
        }
    }
    out.syntax(")");
    scribe.cast = Cast::random(&mut scribe.rng);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn rows_have_as_many_cells_as_there_are_columns() {
        for seed in 0..20 {
            let mut scribe = Scribe::new(Rng::new(seed));
            let (bytes, labels, _, _) = rows(&mut scribe).into_parts();
            assert!(scribe.unknown().is_empty(), "{:?}", scribe.unknown());
            let text = String::from_utf8(bytes).unwrap();
            let mut widths: Vec<usize> = text.lines().map(|line| line.split('\t').count()).collect();
            widths.dedup();
            assert!(widths.len() == 1 && labels.len() > 3, "{text}");
        }
    }

    #[test]
    fn quotes_of_statements_are_balanced() {
        for seed in 0..20 {
            let (bytes, labels, _, _) = statements(&mut Scribe::new(Rng::new(seed))).into_parts();
            let text = String::from_utf8(bytes).unwrap();
            let told = text.contains("FROM stdin;") == text.contains("\n\\.\n");
            assert!(told && labels.len() > 3 && text.ends_with(";\n"), "{text}");
            if !text.contains("FROM stdin") {
                assert_eq!(text.matches('\'').count() % 2, 0, "{text}");
            }
        }
    }
}
