//! Figures by kind and format, as a text for snapshots, a table for pages and a picture.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::Document;
use crate::score::{Found, Scorer, Tally};

/// Scores documents of many formats apart.
#[derive(Clone, Debug, Default)]
pub struct Cross {
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    scorer: Scorer,
    bytes: u64,
    documents: u64,
}

impl Cross {
    /// Nothing scored yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Scores a document in a column. Columns come in the order in which they are first named.
    pub fn add(&mut self, column: &str, document: &Document, found: &[Found]) {
        let at = self.columns.iter().position(|known| known.name == column).unwrap_or(self.columns.len());
        if at == self.columns.len() {
            self.columns.push(Column { name: column.to_owned(), scorer: Scorer::new(), bytes: 0, documents: 0 });
        }
        let column = &mut self.columns[at];
        column.scorer.add(&document.name, document.format, document.text.len(), &document.labels, found);
        column.bytes += document.text.len() as u64;
        column.documents += 1;
    }

    /// The counts of everything in a column.
    pub fn overall(&self, column: &str) -> Option<&Tally> {
        self.columns.iter().find(|known| known.name == column).map(|column| column.scorer.overall())
    }

    /// Findings that touch no label, in 100 KB (100,000 bytes) of a column.
    pub fn false_findings_per_100kb(&self, column: &str) -> Option<f64> {
        self.columns.iter().find(|known| known.name == column).map(Column::false_rate)
    }

    /// A stable text for snapshots: full-cover recall, any-overlap precision, and what they are of.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let line = |out: &mut String, what: &str, cell: &dyn Fn(&Column) -> String| {
            let cells: String = self.columns.iter().map(|column| format!(" {:>7}", cell(column))).collect();
            let _ = writeln!(out, "{what:<16}{cells}");
        };
        let head = |out: &mut String, what: &str| line(out, what, &|column| column.name.clone());
        let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
        head(&mut out, "recall");
        for kind in self.kinds() {
            line(&mut out, &kind, &|column| share(column.recall(&kind)));
        }
        line(&mut out, "all", &|column| share(recall(column.scorer.overall())));
        out.push('\n');
        head(&mut out, "precision");
        for kind in self.kinds() {
            line(&mut out, &kind, &|column| share(column.precision(&kind)));
        }
        line(&mut out, "all", &|column| share(precision(column.scorer.overall())));
        out.push('\n');
        head(&mut out, "of");
        line(&mut out, "documents", &|column| column.documents.to_string());
        line(&mut out, "bytes", &|column| column.bytes.to_string());
        line(&mut out, "identifiers", &|column| column.scorer.overall().labels.to_string());
        line(&mut out, "findings", &|column| column.scorer.overall().findings.to_string());
        line(&mut out, "false per 100 KB", &|column| format!("{:.2}", column.false_rate()));
        out
    }

    /// A table of Markdown, a line a kind; shares are cut after three digits, never rounded up.
    pub fn markdown(&self) -> String {
        let pair = |recall: Option<f64>, precision: Option<f64>| match (recall, precision) {
            (None, None) => String::new(),
            (recall, precision) => format!("{} {}", cut(recall), cut(precision)),
        };
        let line = |what: &str, cell: &dyn Fn(&Column) -> String| {
            let cells: String = self.columns.iter().map(|column| format!(" {} |", cell(column))).collect();
            format!("| {what} |{cells}\n")
        };
        let mut out = line("", &|column| column.name.clone());
        out.push_str(&format!("|---|{}\n", "---|".repeat(self.columns.len())));
        for kind in self.kinds() {
            out.push_str(&line(&kind, &|column| pair(column.recall(&kind), column.precision(&kind))));
        }
        out.push_str(&line("**all**", &|column| {
            let all = column.scorer.overall();
            format!("**{}**", pair(recall(all), precision(all)))
        }));
        out.push_str(&line("identifiers", &|column| column.scorer.overall().labels.to_string()));
        out.push_str(&line("false findings in 100 KB", &|column| format!("{:.1}", column.false_rate())));
        out
    }

    /// A picture of the same: a square a kind and format, recall in its left half, precision in its right one.
    pub fn svg(&self) -> String {
        let mut kinds = self.kinds();
        kinds.push("all".to_owned());
        let (width, height) = (LEFT + self.columns.len() * CELL + 10, TOP + kinds.len() * ROW + 40);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"10\" \
             text-anchor=\"middle\">\n<title>Recall and precision by kind and format</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
        );
        for (column, i) in self.columns.iter().zip(0..) {
            let (x, y) = (LEFT + i * CELL + CELL / 2, TOP - 8);
            text(&mut out, x, y, "font-weight=\"bold\"", &column.name);
        }
        for (kind, row) in kinds.iter().zip(0..) {
            let y = TOP + row * ROW;
            text(&mut out, LEFT - 8, y + 14, "text-anchor=\"end\" font-weight=\"bold\"", kind);
            for (column, i) in self.columns.iter().zip(0..) {
                let x = LEFT + i * CELL;
                let all = column.scorer.overall();
                let pair = if kind == "all" {
                    [recall(all), precision(all)]
                } else {
                    [column.recall(kind), column.precision(kind)]
                };
                for (share, half) in pair.into_iter().zip(0..) {
                    half_cell(&mut out, x + half * (CELL / 2), y, share);
                }
            }
        }
        let y = TOP + kinds.len() * ROW + 24;
        text(&mut out, LEFT - 8, y, "text-anchor=\"end\"", "recall | precision");
        for ((least, colour), i) in SCALE.iter().zip(0..) {
            let x = LEFT + i * 90;
            let _ = writeln!(out, "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>", y - 10);
            let what = if *least > 0.0 { format!("from {least}") } else { "below".to_owned() };
            text(&mut out, x + 44, y, "", &what);
        }
        out.push_str("</svg>\n");
        out
    }

    /// Every kind that is labelled or found.
    fn kinds(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.columns.iter().flat_map(|column| column.scorer.kinds().keys()).collect();
        all.into_iter().cloned().collect()
    }
}

impl Column {
    fn recall(&self, kind: &str) -> Option<f64> {
        self.scorer.kinds().get(kind).and_then(recall)
    }

    fn precision(&self, kind: &str) -> Option<f64> {
        self.scorer.kinds().get(kind).and_then(precision)
    }

    fn false_rate(&self) -> f64 {
        let all = self.scorer.overall();
        // Counts of a corpus are far below 2^53.
        if self.bytes == 0 { 0.0 } else { (all.findings - all.touching) as f64 * 100_000.0 / self.bytes as f64 }
    }
}

/// Pixels of the picture.
const LEFT: usize = 90;
const TOP: usize = 30;
const CELL: usize = 64;
const ROW: usize = 22;
/// From which share on a colour stands for it.
const SCALE: [(f64, &str); 5] =
    [(0.99, "#b7e1bd"), (0.97, "#dcefc4"), (0.95, "#fff3b8"), (0.85, "#fdd9a0"), (0.0, "#f7b6a6")];

fn half_cell(out: &mut String, x: usize, y: usize, share: Option<f64>) {
    let colour = match share {
        Some(share) => SCALE.iter().find(|(least, _)| share >= *least).map_or("#f7b6a6", |(_, colour)| colour),
        None => "#f4f4f4",
    };
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{colour}\"/>",
        CELL / 2 - 1,
        ROW - 2
    );
    if share.is_some() {
        text(out, x + CELL / 4, y + 14, "", &cut(share));
    }
}

fn text(out: &mut String, x: usize, y: usize, style: &str, what: &str) {
    let space = if style.is_empty() { "" } else { " " };
    let what = what.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\"{space}{style}>{what}</text>");
}

fn recall(tally: &Tally) -> Option<f64> {
    (tally.labels > 0).then(|| tally.recall())
}

fn precision(tally: &Tally) -> Option<f64> {
    (tally.findings > 0).then(|| tally.precision())
}

/// A share cut after three digits, without the zero before.
fn cut(share: Option<f64>) -> String {
    let Some(share) = share else { return "–".to_owned() };
    // What is whole is whole, whatever is lost in arithmetic.
    if share >= 1.0 {
        return "1".to_owned();
    }
    let text = format!("{:.3}", (share * 1000.0 + 1e-9).floor() / 1000.0);
    text.trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Label};

    fn example() -> Cross {
        let label = |start, end, kind: &str| Label { start, end, kind: kind.to_owned() };
        let found = |start, end, kind: &str| Found { start, end, kind: kind.to_owned() };
        let document = |labels: Vec<Label>| Document {
            name: "a".to_owned(),
            format: Format::Text,
            text: vec![b' '; 1000],
            values: vec![String::new(); labels.len()],
            labels,
            decoys: Vec::new(),
        };
        let mut cross = Cross::new();
        let labels = vec![label(0, 4, "name:patient"), label(10, 14, "name"), label(20, 30, "ssn")];
        cross.add("csv", &document(labels), &[found(0, 4, "name"), found(20, 30, "ssn"), found(50, 55, "date")]);
        cross.add("text & more", &document(vec![label(0, 4, "ssn")]), &[found(0, 4, "ssn")]);
        cross.add("csv", &document(vec![label(0, 4, "name")]), &[found(0, 4, "name")]);
        cross
    }

    #[test]
    fn figures_are_those_of_each_column() {
        let cross = example();
        assert_eq!(
            cross.render(),
            "\
recall               csv text & more
date                   -       -
name              0.6667       -
ssn               1.0000  1.0000
all               0.7500  1.0000

precision            csv text & more
date              0.0000       -
name              1.0000       -
ssn               1.0000  1.0000
all               0.7500  1.0000

of                   csv text & more
documents              2       1
bytes               2000    1000
identifiers            4       1
findings               4       1
false per 100 KB   50.00    0.00
"
        );
        assert_eq!(cross.overall("csv").map(|all| all.labels), Some(4));
        assert_eq!(cross.false_findings_per_100kb("csv"), Some(50.0));
        assert_eq!(cross.false_findings_per_100kb("xml"), None);
    }

    #[test]
    fn shares_are_cut_and_never_rounded_up() {
        assert_eq!(cut(Some(0.99999)), ".999");
        assert_eq!(cut(Some(1.0)), "1");
        assert_eq!(cut(Some(0.97)), ".970");
        assert_eq!(cut(Some(0.0)), ".000");
        let table = example().markdown();
        assert!(
            table.contains("| name | .666 1 |  |\n") && table.contains("| **all** | **.750 .750** | **1 1** |"),
            "{table}"
        );
    }

    #[test]
    fn the_picture_is_of_one_piece() {
        let svg = example().svg();
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains("text &amp; more"));
        // Two halves of four rows in two columns, the page and the legend.
        assert_eq!(svg.matches("<rect").count(), 2 * 4 * 2 + 1 + SCALE.len());
    }
}
