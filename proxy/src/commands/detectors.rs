//! `blackbar detectors`

use std::fmt::Write as _;

use blackbar_engine::Detector;
use blackbar_engine::operator::{Operator, Values};
use serde::Serialize;

use crate::cli::{self, DetectorsFormat, Global};
use crate::config::Config;
use crate::error::Error;
use crate::exit::Exit;
use crate::registry;

pub(crate) fn run(args: &cli::Detectors, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let scanner = registry::scanner(&config.site.detectors()?)?;
    let values = registry::values();
    let rows: Vec<Row<'_>> = scanner.detectors().iter().map(|detector| Row::of(detector, &*values)).collect();
    let text = match args.format {
        DetectorsFormat::Pretty => pretty(&rows),
        DetectorsFormat::Json => format!("{:#}\n", serde_json::to_value(&rows).unwrap_or_default()),
        DetectorsFormat::Markdown => markdown(&rows),
    };
    super::print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// What people may know of a detector.
#[derive(Debug, Serialize)]
struct Row<'r> {
    id: &'r str,
    kind: &'r str,
    /// The letter of the Safe Harbor list.
    class: &'r str,
    takes: &'r str,
    refuses: &'r str,
    operators: Vec<&'static str>,
    /// Bytes that it may look at around a place.
    window: usize,
}

impl<'r> Row<'r> {
    fn of(detector: &'r Detector, values: &dyn Values) -> Self {
        let kind = detector.kind.id();
        let fits = Operator::ALL.into_iter().filter(|operator| values.fits(*operator, kind).is_ok());
        Self {
            id: &detector.id,
            kind,
            class: &detector.class,
            takes: &detector.takes,
            refuses: &detector.refuses,
            operators: fits.map(Operator::name).collect(),
            window: usize::from(detector.window.before) + detector.window.ahead(),
        }
    }
}

fn pretty(rows: &[Row<'_>]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(text, "{}  (kind {}, class {})", row.id, row.kind, row.class);
        let _ = writeln!(text, "  takes      {}", row.takes);
        let _ = writeln!(text, "  refuses    {}", row.refuses);
        let _ = writeln!(text, "  operators  {}", row.operators.join(" "));
    }
    text
}

/// The table of `docs/detectors.md`.
fn markdown(rows: &[Row<'_>]) -> String {
    let mut text = String::from("| id | kind | class | takes | refuses | operators |\n|---|---|---|---|---|---|\n");
    let cell = |words: &str| words.replace('|', "\\|").replace('\n', " ");
    for row in rows {
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {} | {} | {} |",
            row.id,
            row.kind,
            cell(row.class),
            cell(row.takes),
            cell(row.refuses),
            row.operators.join(" ")
        );
    }
    text
}
