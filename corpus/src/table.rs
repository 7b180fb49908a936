//! Tables: CSV with its quoting, TSV without, with a header line or (seldom) without one.

use crate::cast::Cast;
use crate::rich::Rich;
use crate::rng::Rng;
use crate::scribe::Scribe;
use crate::writer::{Encoding, Syntax, Writer};

/// A column: the names it may have in a header, and the template of its cells.
pub(crate) struct Column {
    pub(crate) headers: &'static [&'static str],
    pub(crate) cell: &'static str,
    /// A value that shows what it is without a header.
    speaks: bool,
}

/// Whether a table names its columns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Head {
    Mostly,
    Always,
    Never,
}

/// A table with commas.
pub(crate) fn csv(scribe: &mut Scribe, head: Head) -> Writer {
    let header = match (head, scribe.rng.chance(15)) {
        (Head::Mostly, bare) => !bare,
        (head, _) => head == Head::Always,
    };
    let columns = choose(header, &mut scribe.rng);
    let separator = if scribe.rng.chance(8) { ";" } else { "," };
    let quote_all = scribe.rng.chance(25);
    let line_end = if scribe.rng.chance(20) { "\r\n" } else { "\n" };
    let mut out = Writer::default();
    if header {
        write_header(&columns, separator, quote_all, line_end, &mut out, &mut scribe.rng);
    }
    for _ in 0..scribe.rng.range(4, 20) {
        csv_row(scribe, &columns, separator, quote_all, &mut out);
        out.syntax(line_end);
        scribe.cast = Cast::random(&mut scribe.rng);
    }
    out
}

/// A table with tabs; cells hold neither tabs nor line breaks.
pub(crate) fn tsv(scribe: &mut Scribe) -> Writer {
    let header = !scribe.rng.chance(10);
    let columns = choose(header, &mut scribe.rng);
    let mut out = Writer::default();
    if header {
        write_header(&columns, "\t", false, "\n", &mut out, &mut scribe.rng);
    }
    for _ in 0..scribe.rng.range(4, 20) {
        for (i, column) in columns.iter().enumerate() {
            if i > 0 {
                out.syntax("\t");
            }
            let mut cell = scribe.fill(column.cell);
            for piece in cell.pieces_mut() {
                piece.text = piece.text.replace(['\n', '\t'], " ");
            }
            out.rich(&cell, Encoding::default(), &mut scribe.rng);
        }
        out.syntax("\n");
        scribe.cast = Cast::random(&mut scribe.rng);
    }
    out
}

/// A form as a browser sends it, with the columns of a row as its fields.
pub(crate) fn form(scribe: &mut Scribe) -> Writer {
    let columns = choose(true, &mut scribe.rng);
    let mut out = Writer::default();
    for (column, i) in columns.iter().zip(0..) {
        let name = scribe.rng.pick(column.headers).replace(' ', "_");
        out.syntax(&format!("{}{name}=", if i > 0 { "&" } else { "" }));
        let value = if scribe.rng.chance(4) { Rich::default() } else { scribe.fill(column.cell) };
        out.rich(&value, Encoding { xml: false, syntax: Syntax::Form }, &mut scribe.rng);
    }
    out
}

/// Rows of eighteen short columns, mostly identifiers; for benchmarks.
pub(crate) fn dense_csv(scribe: &mut Scribe, rows: usize) -> Writer {
    let wanted = [0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 23, 25];
    let columns: Vec<&Column> = wanted.iter().filter_map(|&i| COLUMNS.get(i)).collect();
    let mut out = Writer::default();
    write_header(&columns, ",", false, "\n", &mut out, &mut scribe.rng);
    for _ in 0..rows {
        csv_row(scribe, &columns, ",", false, &mut out);
        out.syntax("\n");
        scribe.cast = Cast::random(&mut scribe.rng);
    }
    out
}

/// Columns for a table; without a header, mostly those whose values speak for themselves.
pub(crate) fn choose(header: bool, rng: &mut Rng) -> Vec<&'static Column> {
    let share = rng.range(30, 70);
    let mut columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| if header { rng.chance(share) } else { column.speaks && rng.chance(80) })
        .collect();
    if columns.len() < 2 {
        columns = COLUMNS.iter().filter(|column| column.speaks).take(5).collect();
    }
    // Neighbours in the list often stay neighbours, as first and last names do.
    if rng.chance(40) {
        let at = rng.index(columns.len());
        columns.rotate_left(at);
    }
    columns
}

fn write_header(columns: &[&Column], separator: &str, quote: bool, line_end: &str, out: &mut Writer, rng: &mut Rng) {
    let style = rng.index(4);
    for (i, column) in columns.iter().enumerate() {
        if i > 0 {
            out.syntax(separator);
        }
        let name = *rng.pick(column.headers);
        let name = match style {
            0 => name.to_uppercase(),
            1 => name.to_lowercase().replace([' ', '-'], "_"),
            2 => name.split([' ', '_', '-']).map(capitalised).collect(),
            _ => name.to_owned(),
        };
        out.syntax(&if quote { format!("\"{name}\"") } else { name });
    }
    out.syntax(line_end);
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn csv_row(scribe: &mut Scribe, columns: &[&Column], separator: &str, quote_all: bool, out: &mut Writer) {
    for (i, column) in columns.iter().enumerate() {
        if i > 0 {
            out.syntax(separator);
        }
        // One cell in twenty-five is empty, as in real tables.
        let cell = if scribe.rng.chance(4) { Rich::default() } else { scribe.fill(column.cell) };
        let text = cell.text();
        let quoted = quote_all || text.contains([',', ';', '"', '\n', '\r']);
        if quoted {
            out.syntax("\"");
            out.rich(&cell, Encoding { xml: false, syntax: Syntax::CsvQuoted }, &mut scribe.rng);
            out.syntax("\"");
        } else {
            out.rich(&cell, Encoding::default(), &mut scribe.rng);
        }
    }
}

const fn column(headers: &'static [&'static str], cell: &'static str, speaks: bool) -> Column {
    Column { headers, cell, speaks }
}

const COLUMNS: &[Column] = &[
    column(&["patient_id", "MRN", "medical record number", "pat_mrn", "chart no", "mrn_id"], "{mrn}", false),
    column(&["last_name", "lname", "Surname", "pat last name", "family name"], "{pt.last}", false),
    column(&["first_name", "fname", "Given Name", "pat first name"], "{pt.first}", false),
    column(
        &["patient_name", "full name", "name", "member name", "Patient"],
        "[{pt.full}|{pt.lastfirst}|{pt.formal}|{pt.quoted}]",
        true,
    ),
    column(&["dob", "birth_date", "Date of Birth", "birthdate", "DOB"], "{isodob}", true),
    column(&["sex", "gender"], "{sex}", false),
    column(&["age", "age at visit", "pt_age"], "{agenumber}", false),
    column(&["race", "language", "marital status"], "[White|Black|Asian|English|Spanish|Married|Widowed]", false),
    column(&["ssn", "social_security_number", "soc sec no", "SSN"], "[{ssn}|{ssn}|{ssn}|{ssnbare}]", false),
    column(&["address", "street", "address_line_1", "home address"], "{pt.street}", true),
    column(&["city", "town", "pat city"], "{pt.city}", false),
    column(&["state", "st"], "{pt.state}", false),
    column(&["zip", "zip_code", "postal code", "zip5"], "{pt.zip}", false),
    column(&["phone", "home_phone", "telephone", "contact number", "cell"], "{pt.phone}", true),
    column(&["email", "e-mail", "email_address"], "{pt.email}", true),
    column(&["visit_date", "admit_date", "date of service", "dos", "encounter date"], "{date}", true),
    column(&["discharge_date", "last_seen", "collected"], "[{isodate}|{ts}|{date}]", true),
    column(&["visit_id", "encounter_id", "csn", "account visit no"], "{csn}", false),
    column(
        &["provider", "attending_name", "pcp", "referring physician"],
        "[{dr}|{dr.lastfirst}|{dr.sig}|{dr.finit}]",
        false,
    ),
    column(&["npi", "provider_npi", "rendering npi"], "{dr.npi}", false),
    column(&["dx_code", "icd10", "diagnosis code", "primary dx"], "{icd}", false),
    column(&["cpt", "procedure_code", "hcpcs"], "[{cpt}|{hcpcs}]", false),
    column(&["loinc", "test code"], "{loinc}", false),
    column(&["result", "value", "lab_value", "qty"], "{labval}", false),
    column(&["reference_range", "ref range", "normal range"], "{labrange}", false),
    column(&["drug", "medication", "med_name"], "{drug} {dose}", false),
    column(&["ndc", "ndc_code"], "{ndc}", false),
    column(&["bp", "blood pressure"], "{bp}", false),
    column(&["member_id", "subscriber id", "insurance_id", "policy number"], "{member}", false),
    column(&["medicare_id", "mbi", "medicare beneficiary id"], "{mbi}", true),
    column(&["account_no", "account number", "har", "guarantor account"], "{account}", false),
    column(&["card_number", "cc number", "payment card"], "{card}", true),
    column(&["facility", "hospital_name", "clinic", "location name"], "{facility}", true),
    column(&["emergency_contact", "next of kin", "guarantor name", "nok"], "{rel.full}", false),
    column(&["emergency_phone", "nok phone"], "{rel.phone}", true),
    column(&["ip_address", "client ip", "last_ip"], "{ip}", true),
    column(&["device_serial", "serial_number", "implant serial"], "{serial}", false),
    column(&["accession", "accession_number", "specimen id"], "{accession}", false),
    column(&["user_name", "portal user", "login"], "{pt.user}", false),
    column(&["uuid", "patient_guid", "record id"], "{uuid}", true),
    column(&["driver_license", "dl number", "drivers license no"], "{dl}", false),
    column(&["fax", "fax_number"], "{dr.fax}", false),
    column(
        &["notes", "comment", "free_text", "clinical note"],
        "[{>hpi}|{>hpi*2}|{>nurse*2}|{>family}|{>n.hpi}|{>plan}\\n{>followup}]",
        true,
    ),
    column(&["status", "score", "severity"], "[active|closed|{score}|{stage}]", false),
    column(&["version", "schema", "build"], "{ver}", false),
    column(&["amount", "charge", "balance due"], "{money}", false),
    column(&["snomed", "concept_id"], "{snomed}", false),
    column(&["rxcui", "rxnorm code"], "{rxnorm}", false),
    column(&["days_supply", "refills", "quantity"], "{count}", false),
    column(&["heart_rate", "pulse"], "{hr}", false),
    column(&["temperature", "temp_f"], "{temp}", false),
    column(&["spo2", "o2_sat"], "{spo2}", false),
    column(&["study", "protocol", "trial registration"], "{nct}", false),
    column(&["model_year", "enrolled_year", "birth_year_group"], "{year}", false),
    column(&["unit", "ward", "bed"], "{room}", false),
    column(&["finding", "sign", "test_name"], "{eponym}", false),
    column(&["lot", "lot_number"], "{lot}", false),
    column(&["dose", "sig"], "{dose} {freq}", false),
    column(&["code_system", "system_uri"], "{uri}", false),
    column(&["oid"], "{oid}", false),
];
