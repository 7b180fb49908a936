//! Cells of tables and lists: what the head of a column, or the cell before, says of a text; and the name of an input.

/// A longer text is no label.
const LONGEST: usize = 48;
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
    /// The name of the input whose tag is being read.
    input: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cell {
    /// `th`, `dt`: it says what others are.
    Head,
    /// `td`, `dd`.
    Value,
}

impl Cells {
    /// A tag is over.
    pub(crate) fn tag(&mut self, element: &[u8], closing: bool) {
        let is = |name: &[u8]| element.eq_ignore_ascii_case(name);
        self.input.clear();
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
        if let Some((_, known)) = &mut self.cell
            && known.len() <= LONGEST
        {
            known.extend(text.iter().take(LONGEST + 1 - known.len()));
        }
    }

    /// What is said of the text of the current cell.
    pub(crate) fn label(&self) -> Option<&[u8]> {
        let (Cell::Value, _) = self.cell.as_ref()? else { return None };
        let head = self.heads.get(self.column).filter(|head| !head.is_empty());
        head.or(Some(&self.label)).map(Vec::as_slice).filter(|label| !label.is_empty())
    }

    /// The tag of an input names it so.
    pub(crate) fn name_input(&mut self, element: &[u8], attribute: &[u8], value: &[u8]) {
        if element.eq_ignore_ascii_case(b"input") && attribute.eq_ignore_ascii_case(b"@name") && may_be_label(value) {
            self.input.clear();
            self.input.extend_from_slice(value);
        }
    }

    /// The name of the input that an attribute is the value of.
    pub(crate) fn input(&self, element: &[u8], attribute: &[u8]) -> Option<&[u8]> {
        let value = element.eq_ignore_ascii_case(b"input") && attribute.eq_ignore_ascii_case(b"@value");
        Some(&*self.input).filter(|name| value && !name.is_empty())
    }
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
                (None, Some(name)) => cells.tag(name.as_bytes(), true),
                (None, None) => cells.tag(piece.as_bytes(), false),
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
    }
}
