//! What one place of markup says of another: the head of a column or the cell before it, the name of an input, an element's
//! attribute (`<field name="mrn">4839201</field>`), the element before (`<key>mrn</key><value>4839201</value>`).

use crate::lens::pairs;

/// A longer text is no label.
const LONGEST: usize = 48;
/// A longer address names nothing.
pub(crate) const LONGEST_NAMING: usize = 256;
/// Columns beyond this have no head.
const MOST_COLUMNS: usize = 256;

/// What is known of the table that is being read.
#[derive(Default)]
pub(crate) struct Cells {
    /// The cell that is being read: whether it is a label itself, and its text.
    cell: Option<(Cell, Vec<u8>)>,
    /// The text of the cell before, in the same row, or of the term before a description.
    label: Vec<u8>,
    /// The heads of columns.
    heads: Vec<Vec<u8>>,
    /// The texts of the current row, as long as all its cells are heads.
    row: Option<Vec<Vec<u8>>>,
    column: usize,
    /// What the tag that is being read says in an attribute.
    input: Vec<u8>,
    /// What is said of the text of the current element, or of those in it that hold values.
    inner: Vec<u8>,
    /// Whether the text that is being read is of such an element.
    within: bool,
    /// The text of an element that says what the next one holds.
    said: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cell {
    /// `th`, `dt`: it says what others are.
    Head,
    /// `td`, `dd`.
    Value,
}

impl Cells {
    /// A tag is over; `empty` says that it is the whole element.
    pub(crate) fn tag(&mut self, element: &[u8], closing: bool, empty: bool) {
        let is = |name: &[u8]| element.eq_ignore_ascii_case(name);
        self.element(element, closing, empty);
        if is(b"td") || is(b"th") || is(b"dt") || is(b"dd") {
            self.end_cell();
            if !closing {
                let head = is(b"th") || is(b"dt");
                if is(b"td") {
                    self.row = None;
                }
                self.cell = Some((if head { Cell::Head } else { Cell::Value }, Vec::new()));
            } else if is(b"td") || is(b"th") {
                self.column += 1;
            }
        } else if is(b"tr") {
            self.end_cell();
            if closing {
                if let Some(row) = self.row.take().filter(|row| row.len() > 1) {
                    self.heads = row;
                }
            } else {
                self.row = Some(Vec::new());
            }
            self.label.clear();
            self.column = 0;
        } else if is(b"table") || is(b"dl") {
            *self = Self::default();
        }
    }

    /// What the tag tells of the texts behind it.
    fn element(&mut self, element: &[u8], closing: bool, empty: bool) {
        let named = !self.input.is_empty();
        if closing && let Some(said) = self.said.take() {
            let said = said.trim_ascii();
            self.inner.clear();
            if pairs::says(element) && may_be_label(said) {
                self.inner.extend_from_slice(said);
            }
        } else if named && !closing && !empty && !is_of_a_page(element) {
            std::mem::swap(&mut self.inner, &mut self.input);
        } else if !pairs::is_told(element) {
            self.inner.clear();
        }
        self.input.clear();
        self.within = !closing && !empty;
        let says = !closing && !empty && !named && pairs::says(element) && !is_of_a_page(element);
        self.said = says.then(Vec::new);
    }

    fn end_cell(&mut self) {
        let Some((cell, text)) = self.cell.take() else { return };
        let text = text.trim_ascii();
        let text = text.strip_suffix(b":").unwrap_or(text).trim_ascii();
        self.label.clear();
        if may_be_label(text) {
            self.label.extend_from_slice(text);
        }
        if cell == Cell::Head
            && let Some(row) = self.row.as_mut().filter(|row| row.len() < MOST_COLUMNS)
        {
            row.push(self.label.clone());
        }
    }

    /// Text of the current cell.
    pub(crate) fn text(&mut self, text: &[u8]) {
        let cell = self.cell.as_mut().map(|(_, known)| known);
        for known in cell.into_iter().chain(&mut self.said).filter(|known| known.len() <= LONGEST) {
            known.extend(text.iter().take(LONGEST + 1 - known.len()));
        }
    }

    /// What is said of the text of the current cell.
    pub(crate) fn label(&self) -> Option<&[u8]> {
        if self.within && !self.inner.is_empty() {
            return Some(&self.inner);
        }
        let (Cell::Value, _) = self.cell.as_ref()? else { return None };
        let head = self.heads.get(self.column).filter(|head| !head.is_empty());
        head.or(Some(&self.label)).map(Vec::as_slice).filter(|label| !label.is_empty())
    }

    /// Whether an attribute may say what its element holds.
    pub(crate) fn is_naming(attribute: &[u8]) -> bool {
        attribute.strip_prefix(b"@").is_some_and(pairs::says)
    }

    /// The tag that is being read has this attribute.
    pub(crate) fn name_input(&mut self, attribute: &[u8], value: &[u8]) {
        let name = pairs::last_part(attribute.strip_prefix(b"@").unwrap_or_default(), value);
        if Self::is_naming(attribute) && value.len() <= LONGEST_NAMING && may_be_label(name) {
            self.input.clear();
            self.input.extend_from_slice(name);
        }
    }

    /// What is said of the value of an attribute: by another one, or by the element around `element`.
    pub(crate) fn input(&self, element: &[u8], attribute: &[u8]) -> Option<&[u8]> {
        let attribute = attribute.strip_prefix(b"@")?;
        if !pairs::is_told(attribute) && !attribute.eq_ignore_ascii_case(b"content") {
            return None;
        }
        let around = if pairs::is_told(element) { &*self.inner } else { b"" };
        [&*self.input, around].into_iter().find(|name| !name.is_empty())
    }
}

/// Whether this is an element of pages, whose name says where it stands and not what its text is.
fn is_of_a_page(element: &[u8]) -> bool {
    #[rustfmt::skip] // A word list reads better in lines.
    const PAGE: &[&[u8]] = &[
        b"html", b"head", b"title", b"meta", b"link", b"base", b"body", b"header", b"footer", b"main", b"nav", b"section",
        b"article", b"aside", b"div", b"p", b"span", b"a", b"b", b"i", b"em", b"strong", b"form", b"fieldset", b"legend",
        b"label", b"input", b"button", b"select", b"option", b"optgroup", b"iframe", b"frame", b"map", b"area", b"object",
        b"param", b"img", b"h1", b"h2", b"h3", b"h4", b"h5", b"h6", b"ul", b"ol", b"li", b"table", b"caption", b"thead",
        b"tbody", b"tr", b"slot", b"details", b"summary", b"dialog", b"abbr", b"br", b"hr",
    ];
    PAGE.iter().any(|name| name.eq_ignore_ascii_case(element))
}

/// Some letters, few words, nothing that only values have.
fn may_be_label(text: &[u8]) -> bool {
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let words = text.iter().filter(|byte| byte.is_ascii_whitespace()).count();
    (2..=LONGEST).contains(&text.len()) && letters > digits && digits <= 4 && words <= 5 && !text.contains(&b'@')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The labels of all values of a page, written as tags without signs and texts in quotes.
    fn labels(page: &str) -> Vec<String> {
        let (mut cells, mut all) = (Cells::default(), Vec::new());
        for piece in page.split(' ').filter(|piece| !piece.is_empty()) {
            match (piece.strip_prefix('\''), piece.strip_prefix('/')) {
                (Some(text), _) => {
                    let label = cells.label().map(|label| String::from_utf8_lossy(label).into_owned());
                    all.extend(label.map(|label| format!("{label}={text}")));
                    cells.text(text.as_bytes());
                }
                (None, Some(name)) => cells.tag(name.as_bytes(), true, false),
                (None, None) => cells.tag(piece.as_bytes(), false, false),
            }
        }
        all
    }

    #[test]
    fn a_cell_is_called_like_the_one_before_or_the_head_of_its_column() {
        assert_eq!(labels("table tr td 'MRN: /td td 'x7 /td /tr tr td 'y /td"), ["MRN=x7"]);
        assert_eq!(
            labels("table tr th 'MRN /th th 'Name /th /tr tr td 'x7 /td td 'Roe /td /tr"),
            ["MRN=x7", "Name=Roe"]
        );
        assert_eq!(labels("TABLE TR TH 'MRN TD 'x7 TR TD 'Name TD 'Roe"), ["MRN=x7", "Name=Roe"]);
        assert_eq!(labels("dl dt 'Phone /dt dd 'x /dd dd 'y"), ["Phone=x"]);
        assert_eq!(labels("table tr td '12345 /td td 'x"), [""; 0]);
        assert_eq!(labels("key 'mrn /key value 'x /value 'y key 'mrn /key b 'x /b"), ["mrn=x"]);
    }
}
