//! The first rows of a table, seen as a whole before they are read.

use super::{LONGEST_NAME, MOST_TITLES, may_be_name};

/// More rows tell no more.
const MOST_ROWS: usize = 64;
/// So many rows tell what parts their cells.
const MOST_LIKE: usize = 16;

/// Where the row stands that names the columns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Header {
    /// On top, or nowhere else: the reader of the first row decides.
    First,
    /// Behind so many other rows.
    Behind(usize),
    /// Nowhere, as far as names tell.
    None,
}

/// Looks for the names of columns. Those that mean something tell a row of names from one of values; titles above it have
/// none, or fewer of them.
pub(super) fn header(rows: &[Vec<Vec<u8>>], is_telling: &mut dyn FnMut(&[u8]) -> bool) -> Header {
    let mut count = |row: &[Vec<u8>]| {
        let fits = |cell: &&Vec<u8>| cell.len() <= LONGEST_NAME && may_be_name(cell.trim_ascii());
        let names = row.iter().filter(fits).count();
        (row.len() - names, row.iter().filter(fits).filter(|cell| is_telling(cell.trim_ascii())).count())
    };
    let first = rows.iter().position(|row| !is_blank(row)).unwrap_or_default();
    let (misfits, on_top) = rows.get(first).map(|row| count(row)).unwrap_or_default();
    for (i, row) in rows.iter().enumerate().take(MOST_TITLES).skip(first + 1) {
        let (misfits, telling) = count(row);
        if misfits == 0 && telling >= 2 && telling > on_top && 2 * telling >= row.len() {
            return Header::Behind(i);
        }
    }
    if on_top > 0 && on_top >= misfits { Header::First } else { Header::None }
}

/// What parts the cells of these lines: a comma, unless another sign parts all of them into as many cells, and commas into
/// fewer or into now more, now fewer.
/// Much of what is called comma-separated is written where the comma stands in numbers or in names.
pub(super) fn delimiter(head: &[u8], complete: bool, begins: bool) -> u8 {
    const OTHERS: [u8; 4] = [b';', b'\t', b'|', b'^'];
    let widths = |delimiter: u8| -> Vec<usize> {
        let rows = rows(head, delimiter, complete, begins);
        rows.iter().filter(|row| !is_blank(row)).take(MOST_LIKE).map(Vec::len).collect()
    };
    let even = |delimiter: u8| {
        let widths = widths(delimiter);
        let first = widths.first().copied().filter(|width| *width > 2 && widths.len() > 1)?;
        widths.iter().all(|width| *width == first).then_some(first)
    };
    let counted = |delimiter: &&u8| head.contains(*delimiter);
    let best = OTHERS.iter().filter(counted).filter_map(|other| Some((even(*other)?, *other))).max();
    let commas = widths(b',');
    let alike = commas.iter().all(|width| commas.first() == Some(width));
    match best {
        Some((width, other)) if !alike || commas.first().is_some_and(|commas| *commas < width) => other,
        _ => b',',
    }
}

fn is_blank(row: &[Vec<u8>]) -> bool {
    matches!(row, [cell] if cell.is_empty())
}

/// The rows of the first bytes of a table, with their quotes resolved; the last only if it is all that there is of it.
/// `begins` says that a byte order mark may stand before them.
pub(super) fn rows(head: &[u8], delimiter: u8, complete: bool, begins: bool) -> Vec<Vec<Vec<u8>>> {
    let mut text = if begins { head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head) } else { head };
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    while !text.is_empty() && rows.len() < MOST_ROWS {
        let (cell, rest) = cell(text, delimiter);
        row.push(cell);
        let Some((end, rest)) = rest.split_first() else {
            text = b"";
            break;
        };
        text = rest;
        if *end == delimiter {
            if text.is_empty() {
                row.push(Vec::new());
            }
            continue;
        }
        if *end == b'\r' {
            text = text.strip_prefix(b"\n").unwrap_or(text);
        }
        rows.push(std::mem::take(&mut row));
    }
    if complete && text.is_empty() && !row.is_empty() {
        rows.push(row);
    }
    rows
}

/// The first cell of `text`, and what follows it, its separator first.
fn cell(text: &[u8], delimiter: u8) -> (Vec<u8>, &[u8]) {
    let ends = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r');
    let mut cell = Vec::new();
    let mut rest = text;
    if let Some(quoted) = text.strip_prefix(b"\"") {
        rest = quoted;
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            if byte == b'"' {
                match behind.strip_prefix(b"\"") {
                    Some(behind) => rest = behind,
                    None => break,
                }
            }
            cell.push(byte);
        }
    }
    let len = rest.iter().position(ends).unwrap_or(rest.len());
    let (more, behind) = rest.split_at(len);
    cell.extend_from_slice(more);
    (cell, behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(head: &str, complete: bool) -> Vec<String> {
        let rows = rows(head.as_bytes(), b',', complete, true);
        let text = |cell: &Vec<u8>| String::from_utf8_lossy(cell).into_owned();
        rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|")).collect()
    }

    #[test]
    fn rows_are_read_with_their_quotes() {
        assert_eq!(shown("\u{feff}a,\"b,\"\"c\n\"\r\n,\n\nd", true), ["a|b,\"c\n", "|", "", "d"]);
        assert_eq!(shown("a,b\nc,", false), ["a|b"]);
        assert_eq!(shown("a,b\nc,", true), ["a|b", "c|"]);
        assert_eq!(shown("a\rb\"x,\"c\"d", true), ["a", "b\"x|cd"]);
    }

    #[test]
    fn what_parts_cells_is_told_by_rows_alike() {
        let of = |head: &str| char::from(delimiter(head.as_bytes(), true, true));
        assert_eq!(of("id;name;dob\n1;Doe, Jane;1,5\n2;Roe, Ann;2,0\n"), ';');
        assert_eq!(of("7;Doe, Jane;MS3\n8;Roe, Ann;MS4\n"), ';');
        assert_eq!(of("id|name|dob\n1|Doe, Jane|\n"), '|');
        assert_eq!(of("id^name^dob\n1^Doe Jane^x\n"), '^');
        assert_eq!(of("id\tname\tdob\n1\tDoe, J\tx\n"), '\t');
        assert_eq!(of("id,name,dob\n1,Doe;Roe;Poe,x\n"), ',');
        assert_eq!(of("codes,a,b,c\nI10;E11;J45,1,2,3\n"), ',');
        assert_eq!(of("a;b;c\n1;2\n"), ',', "rows are not alike");
        assert_eq!(of("a;b;c\n"), ',', "one row tells nothing");
        assert_eq!(of(""), ',');
    }

    #[test]
    fn names_stand_on_top_or_behind_titles() {
        let find = |head: &str| {
            let rows = rows(head.as_bytes(), b',', true, true);
            header(&rows, &mut |name| [&b"ssn"[..], b"dob", b"name"].contains(&name))
        };
        assert_eq!(find("ssn,name\n1,2\n"), Header::First);
        assert_eq!(find("Report,2024-01-01\n\nssn,name,x\n1,2,3\n"), Header::Behind(2));
        assert_eq!(find("ssn,note\nname,dob\n"), Header::Behind(1));
        assert_eq!(find("a,b\nc,d\n"), Header::None);
        assert_eq!(find("1,2\n3,4\n"), Header::None);
    }
}
