//! Makes documents of every genre from a seed.

use crate::rich::Rich;
use crate::rng::Rng;
use crate::scribe::{Letters, Scribe};
use crate::table::Head;
use crate::writer::{Encoding, Writer};
use crate::{Document, Format, fhir, table};

/// What sort of document to make.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Genre {
    /// A visit written up by a clinician.
    Progress,
    /// The summary of a stay in hospital.
    Discharge,
    /// A letter from one clinician to another.
    Referral,
    /// Short notes of a shift.
    Nursing,
    /// A report on images.
    Radiology,
    /// A message taken on the telephone.
    Phone,
    /// A dialogue.
    Chat,
    /// An e-mail with its header lines.
    Email,
    /// A registration form.
    Form,
    /// Implants and appliances.
    Device,
    /// Billing, social work and other office text.
    Admin,
    /// Lists, text messages, prompts, markup, prescriptions and other odd formats.
    Misc,
    /// Lines of a server log.
    Log,
    /// One FHIR R4 resource.
    FhirResource,
    /// A FHIR R4 bundle.
    FhirBundle,
    /// A FHIR bulk export.
    FhirExport,
    /// A table with commas.
    Csv,
    /// A table with tabs.
    Tsv,
    /// HL7 v2 messages.
    Hl7,
    /// A clinical document in XML.
    Ccda,
    /// A page in HTML.
    Html,
    /// Claims and remittances in X12.
    X12,
    /// A table with commas that has a header for sure.
    HeadedCsv,
    /// A table with commas that has none.
    BareCsv,
    /// Lines of a server in one of the usual layouts.
    ServerLog,
    /// A dump of a database.
    Dump,
    /// Rows of COPY.
    Rows,
    /// A form that a browser sends.
    Submission,
    /// An e-mail in parts.
    Mail,
    /// The record of a patient as one bundle, as a simulator of records writes it.
    Record,
    /// Text without any identifier.
    Clean,
}

impl Genre {
    /// Formats that [`corpus`] does not mix in: their documents are made by [`document_of`].
    pub const APART: &[Self] = &[
        Self::Ccda,
        Self::Html,
        Self::X12,
        Self::HeadedCsv,
        Self::BareCsv,
        Self::ServerLog,
        Self::Dump,
        Self::Rows,
        Self::Submission,
        Self::Mail,
        Self::Record,
    ];

    /// Every genre.
    pub const ALL: &[Self] = &[
        Self::Progress,
        Self::Discharge,
        Self::Referral,
        Self::Nursing,
        Self::Radiology,
        Self::Phone,
        Self::Chat,
        Self::Email,
        Self::Form,
        Self::Device,
        Self::Admin,
        Self::Misc,
        Self::Log,
        Self::FhirResource,
        Self::FhirBundle,
        Self::FhirExport,
        Self::Csv,
        Self::Tsv,
        Self::Hl7,
        Self::Ccda,
        Self::Html,
        Self::X12,
        Self::HeadedCsv,
        Self::BareCsv,
        Self::ServerLog,
        Self::Dump,
        Self::Rows,
        Self::Submission,
        Self::Mail,
        Self::Record,
        Self::Clean,
    ];

    /// The stable name, which document names begin with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Discharge => "discharge",
            Self::Referral => "referral",
            Self::Nursing => "nursing",
            Self::Radiology => "radiology",
            Self::Phone => "phone",
            Self::Chat => "chat",
            Self::Email => "email",
            Self::Form => "form",
            Self::Device => "device",
            Self::Admin => "admin",
            Self::Misc => "misc",
            Self::Log => "log",
            Self::FhirResource => "fhir-resource",
            Self::FhirBundle => "fhir-bundle",
            Self::FhirExport => "fhir-export",
            Self::Csv => "table-csv",
            Self::Tsv => "table-tsv",
            Self::Hl7 => "hl7",
            Self::Ccda => "ccda",
            Self::Html => "html",
            Self::X12 => "x12",
            Self::HeadedCsv => "headed-csv",
            Self::BareCsv => "bare-csv",
            Self::ServerLog => "server-log",
            Self::Dump => "dump",
            Self::Rows => "rows",
            Self::Submission => "submission",
            Self::Mail => "mail",
            Self::Record => "record",
            Self::Clean => "clean",
        }
    }

    /// How many documents of a hundred or so are of this genre.
    fn weight(self) -> u64 {
        match self {
            Self::Progress | Self::Clean => 14,
            Self::Discharge | Self::Nursing | Self::Chat | Self::Misc => 8,
            Self::Referral | Self::Email => 7,
            Self::Radiology | Self::Phone | Self::Form => 6,
            Self::Log => 4,
            Self::Device | Self::Admin => 3,
            Self::FhirResource => 6,
            Self::FhirBundle | Self::Csv => 4,
            Self::FhirExport | Self::Tsv | Self::Hl7 => 3,
            // Asked for by name, and scored by themselves.
            Self::Ccda
            | Self::Html
            | Self::X12
            | Self::HeadedCsv
            | Self::BareCsv
            | Self::ServerLog
            | Self::Dump
            | Self::Rows
            | Self::Submission
            | Self::Mail
            | Self::Record => 0,
        }
    }
}

/// The first `count` documents of `seed`.
pub fn corpus(seed: u64, count: usize) -> Vec<Document> {
    (0..count).map(|index| document(seed, index)).collect()
}

/// Document number `index` of `seed`: of the same bytes whatever else is made.
pub fn document(seed: u64, index: usize) -> Document {
    let mut rng = Rng::for_part(seed, index as u64);
    let total: u64 = Genre::ALL.iter().map(|genre| genre.weight()).sum();
    let mut at = rng.below(total);
    let mut chosen = Genre::Progress;
    for &genre in Genre::ALL {
        if at < genre.weight() {
            chosen = genre;
            break;
        }
        at -= genre.weight();
    }
    document_of(chosen, seed, index)
}

/// Document number `index` of `seed`, of a given genre.
pub fn document_of(genre: Genre, seed: u64, index: usize) -> Document {
    let rng = Rng::for_part(seed ^ 0x5EED_7E47, index as u64);
    let mut scribe = Scribe::new(rng);
    let (format, writer) = match genre {
        Genre::Progress => text(&mut scribe, "doc.progress"),
        Genre::Discharge => text(&mut scribe, "doc.discharge"),
        Genre::Referral => text(&mut scribe, "doc.referral"),
        Genre::Nursing => {
            scribe.letters = if scribe.rng.chance(40) { Letters::Lower } else { Letters::Mixed };
            text(&mut scribe, "doc.nursing")
        }
        Genre::Radiology => {
            scribe.letters = if scribe.rng.chance(35) { Letters::Upper } else { Letters::Mixed };
            text(&mut scribe, "doc.radiology")
        }
        Genre::Phone => text(&mut scribe, "doc.phone"),
        Genre::Chat => {
            scribe.letters = if scribe.rng.chance(15) { Letters::Lower } else { Letters::Mixed };
            text(&mut scribe, "doc.chat")
        }
        Genre::Email => text(&mut scribe, "doc.email"),
        Genre::Form => {
            scribe.letters = if scribe.rng.chance(20) { Letters::Upper } else { Letters::Mixed };
            text(&mut scribe, "doc.form")
        }
        Genre::Device => text(&mut scribe, "doc.device"),
        Genre::Admin => text(&mut scribe, "doc.admin"),
        Genre::Misc => plain(&mut scribe, "doc.misc"),
        Genre::Log => {
            let section = if scribe.rng.chance(50) { "doc.log" } else { "doc.lognoise" };
            plain(&mut scribe, section)
        }
        Genre::Clean => {
            let section =
                *scribe.rng.pick(&["clean.note", "clean.note", "clean.guide", "clean.dialogue", "clean.log", "prose"]);
            if section == "clean.log" { plain(&mut scribe, section) } else { text(&mut scribe, section) }
        }
        Genre::FhirResource => (Format::Json, fhir::resource(&mut scribe)),
        Genre::FhirBundle => (Format::Json, fhir::bundle(&mut scribe)),
        Genre::FhirExport => (Format::Ndjson, fhir::export(&mut scribe)),
        Genre::Csv => (Format::Csv, table::csv(&mut scribe, Head::Mostly)),
        Genre::Tsv => (Format::Tsv, table::tsv(&mut scribe)),
        Genre::Hl7 => (Format::Hl7, crate::hl7::messages(&mut scribe)),
        Genre::Ccda => (Format::Xml, crate::ccda::document(&mut scribe)),
        Genre::Html => (Format::Xml, crate::ccda::page(&mut scribe)),
        Genre::X12 => (Format::X12, crate::x12::interchange(&mut scribe)),
        Genre::HeadedCsv => (Format::Csv, table::csv(&mut scribe, Head::Always)),
        Genre::BareCsv => (Format::Csv, table::csv(&mut scribe, Head::Never)),
        Genre::ServerLog => (Format::Log, crate::logs::lines(&mut scribe)),
        Genre::Dump => (Format::Sql, crate::dump::statements(&mut scribe)),
        Genre::Rows => (Format::Copy, crate::dump::rows(&mut scribe)),
        Genre::Submission => (Format::Form, table::form(&mut scribe)),
        Genre::Mail => (Format::Mime, crate::mail::message(&mut scribe)),
        Genre::Record => (Format::Json, crate::synthea::bundle(&mut scribe)),
    };
    debug_assert!(scribe.unknown().is_empty(), "templates name unknown slots");
    let (bytes, labels, decoys, values) = writer.into_parts();
    let name = format!("{}-{index:05}.{}", genre.name(), format.extension());
    Document { name, format, text: bytes, labels, decoys, values }
}

/// A text document, sometimes wrapped at a fixed width as old systems do.
fn text(scribe: &mut Scribe, section: &str) -> (Format, Writer) {
    let mut rich = scribe.section(section);
    match scribe.rng.index(10) {
        0 => wrap(&mut rich, 72, true),
        1 => wrap(&mut rich, 80, false),
        2 => wrap(&mut rich, 64, true),
        _ => {}
    }
    finish(scribe, rich)
}

fn plain(scribe: &mut Scribe, section: &str) -> (Format, Writer) {
    let rich = scribe.section(section);
    finish(scribe, rich)
}

fn finish(scribe: &mut Scribe, mut rich: Rich) -> (Format, Writer) {
    rich.push(crate::rich::Role::Plain, "\n");
    let mut writer = Writer::default();
    writer.rich(&rich, Encoding::default(), &mut scribe.rng);
    (Format::Text, writer)
}

/// Breaks lines at blanks near `width`; inside identifiers too when `through_identifiers`.
fn wrap(rich: &mut Rich, width: usize, through_identifiers: bool) {
    let mut column = 0;
    for piece in rich.pieces_mut() {
        let may_break = through_identifiers || !matches!(piece.role, crate::rich::Role::Label(_));
        let mut wrapped = String::with_capacity(piece.text.len());
        for c in piece.text.chars() {
            column += 1;
            let c = if c == ' ' && may_break && column >= width { '\n' } else { c };
            if c == '\n' {
                column = 0;
            }
            wrapped.push(c);
        }
        piece.text = wrapped;
    }
}
