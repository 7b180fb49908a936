//! Objects that say in one field what stands in another: `{"name": "MRN", "value": "4839201"}`, rows of forms and of
//! attributes, extensions of FHIR with their `url`; and arrays that name what stands at the same place in others:
//! `{"columns": ["mrn"], "rows": [["4839201"]]}`, a table whose first row is its head. Elements of markup speak of each other by the
//! same names.

/// One of the objects and arrays around a value.
pub(crate) trait Level {
    /// Whether it is an object.
    fn is_object(&self) -> bool;
    /// The field of the object that is being read.
    fn field(&self) -> &[u8];
    /// The element of the array that is being read.
    fn index(&self) -> usize;
    /// What it has told so far.
    fn told(&self) -> Option<&Told>;
    /// The same, to tell it more.
    fn tell(&mut self) -> &mut Told;
}

/// What an object or an array tells of its values.
#[derive(Default)]
pub(crate) struct Told {
    /// What one field of the object says of another.
    label: Vec<u8>,
    /// What the elements of rows are called: in an array, by its first row; in an object, by one of its fields.
    heads: Heads,
}

/// Whether a text that begins in these `levels`, innermost last, may tell what others are.
pub(crate) fn tells<L: Level>(levels: &[L]) -> bool {
    levels.len() <= DEEPEST && (told_field(levels) || head(levels).is_some())
}

/// A text ends that [`tells`].
pub(crate) fn note<L: Level>(levels: &mut [L], text: &[u8]) {
    let text = if text.len() <= LONGEST_READ { text } else { b"" };
    if let Some((level, place)) = head(levels)
        && let Some(level) = levels.get_mut(level)
    {
        level.tell().heads.set(place, text);
    }
    if let Some(object) = levels.last_mut().filter(|object| object.is_object() && says(object.field())) {
        let label = last_part(object.field(), text).to_vec();
        object.tell().label = label;
    }
}

/// An object or array begins as the value of the innermost of `levels`: a new head forgets the old one.
pub(crate) fn opens<L: Level>(levels: &mut [L]) {
    if let Some(object) = levels.last_mut().filter(|level| is_head(*level) && level.told().is_some()) {
        object.tell().heads.0.clear();
    }
}

/// What is told of a value in these `levels`.
pub(crate) fn label<L: Level>(levels: &[L]) -> Option<&[u8]> {
    let mut around = levels.iter().rev();
    let here = around.next()?;
    if here.is_object() {
        return by_field(here);
    }
    let place = here.index();
    let outer = around.next()?;
    if outer.is_object() {
        return by_field(outer).or_else(|| by_object(outer, place).filter(|_| is_in(&ROWS, outer.field())));
    }
    let named = around.next().filter(|level| level.is_object()).and_then(|object| by_object(object, place));
    named.or_else(|| outer.told()?.heads.get(place).filter(|_| outer.index() > 0))
}

/// What another field of `object` says of the current one.
fn by_field<L: Level>(object: &L) -> Option<&[u8]> {
    let label = &*object.told().filter(|_| is_told(object.field()))?.label;
    (!label.is_empty()).then_some(label)
}

/// What `object` calls the elements of rows at `place`; what stands beside them may be of the columns themselves.
fn by_object<L: Level>(object: &L, place: usize) -> Option<&[u8]> {
    object.told().filter(|_| !is_head(object))?.heads.get(place)
}

/// The columns of a table of which one says what the other holds: `attribute,value`.
pub(crate) fn columns<'n>(names: impl Iterator<Item = Option<&'n [u8]>> + Clone) -> Option<(usize, usize)> {
    let telling = names.clone().position(|name| name.is_some_and(says))?;
    let told = names.skip(telling + 1).position(|name| name.is_some_and(is_told))?;
    Some((telling, telling + 1 + told))
}

/// What the cell of a column that [`columns`] names says.
pub(crate) fn cell(text: &[u8]) -> &[u8] {
    let text = if text.len() <= LONGEST_READ { text.trim_ascii() } else { b"" };
    last_part(b"", text.strip_suffix(b":").unwrap_or(text))
}

/// Whether the innermost level is an object in a field that tells.
fn told_field<L: Level>(levels: &[L]) -> bool {
    levels.last().is_some_and(|object| object.is_object() && says(object.field()))
}

/// Whether the value of an object's current field is the head of a table.
fn is_head<L: Level>(level: &L) -> bool {
    level.is_object() && is_in(&HEADS, level.field())
}

/// The level that the text of a column's head belongs to, and the place of the column.
fn head<L: Level>(levels: &[L]) -> Option<(usize, usize)> {
    // An object for each column may say its name.
    let array = levels.len().checked_sub(if told_field(levels) { 2 } else { 1 })?;
    let outer = array.checked_sub(1)?;
    let (array, around) = (levels.get(array)?, levels.get(outer)?);
    let tells = !array.is_object() && (is_head(around) || !around.is_object() && around.index() == 0);
    tells.then_some((outer, array.index()))
}

/// Whether a field of this name says what another one holds.
pub(crate) fn says(field: &[u8]) -> bool {
    is_in(&TELLING, field)
}

fn is_in(words: &Words, field: &[u8]) -> bool {
    let bounds = (words.before.get(field.len()), words.before.get(field.len() + 1));
    let (Some(from), Some(to)) = bounds else { return false };
    let alike = words.all.get(*from..*to).unwrap_or_default();
    alike.iter().any(|word| word.eq_ignore_ascii_case(field))
}

/// A list of words, in the order of their lengths.
struct Words {
    all: &'static [&'static [u8]],
    /// How many are shorter, by length.
    before: [usize; 20],
}

impl Words {
    const fn new(all: &'static [&'static [u8]]) -> Self {
        let mut before = [all.len(); 20];
        let mut i = all.len();
        while i > 0 {
            i -= 1;
            let len = all[i].len();
            assert!(len + 1 < before.len() && (i == 0 || all[i - 1].len() <= len), "short words, by length");
            let mut shorter = len;
            while shorter > 0 && (i == 0 || all[i - 1].len() < shorter) {
                before[shorter] = i;
                shorter -= 1;
            }
        }
        before[0] = 0;
        Self { all, before }
    }
}

/// Whether a field of this name holds what another one says.
pub(crate) fn is_told(field: &[u8]) -> bool {
    // FHIR names the type behind: `valueString`, `valueDecimal`.
    let typed = |of: &[u8]| of.first().is_some_and(u8::is_ascii_uppercase);
    is_in(&TOLD, field) || field.strip_prefix(b"value").is_some_and(typed)
}

/// What the telling `field` says with `value`: the last part of an address; nothing where it is no name of anything.
pub(crate) fn last_part<'v>(field: &[u8], value: &'v [u8]) -> &'v [u8] {
    let last = if field.eq_ignore_ascii_case(b"url") {
        value.rsplit(|byte| matches!(byte, b'/' | b'#')).next().unwrap_or_default()
    } else {
        value
    };
    if last.len() <= LONGEST { last } else { b"" }
}

/// What the elements of rows are called, by their place.
#[derive(Default)]
struct Heads(Vec<Box<[u8]>>);

impl Heads {
    /// The `i`th is called `name`.
    fn set(&mut self, i: usize, name: &[u8]) {
        if i >= MOST_HEADS || name.is_empty() || name.len() > LONGEST {
            return;
        }
        if self.0.len() <= i {
            self.0.resize(i + 1, Box::default());
        }
        if let Some(head) = self.0.get_mut(i) {
            *head = name.into();
        }
    }

    /// What the `i`th is called.
    fn get(&self, i: usize) -> Option<&[u8]> {
        self.0.get(i).map(|head| &**head).filter(|head| !head.is_empty())
    }
}

/// So many columns have names.
const MOST_HEADS: usize = 128;
/// Objects and arrays that are nested more deeply are no table.
const DEEPEST: usize = 16;
/// More than any name of a field has.
const LONGEST: usize = 64;
/// More than any address of one has, or any cell with one in it: nobody keeps as much.
pub(crate) const LONGEST_READ: usize = 256;

#[rustfmt::skip] // A word list reads better in lines.
static HEADS: Words = Words::new(&[
    b"cols", b"head", b"keys", b"meta", b"heads", b"names", b"fields", b"header", b"labels", b"schema", b"columns",
    b"headers", b"headings", b"metadata", b"columnInfo", b"fieldNames", b"columnNames", b"field_names",
    b"column_names", b"columnHeaders", b"columnMetadata", b"column_headers",
]);

#[rustfmt::skip] // A word list reads better in lines.
static TELLING: Words = Words::new(&[
    b"k", b"key", b"url", b"attr", b"item", b"name", b"term", b"field", b"label", b"param", b"title", b"column",
    b"header", b"prompt", b"caption", b"element", b"heading", b"keyword", b"property", b"question", b"variable",
    b"attribute", b"fieldName", b"parameter", b"columnName", b"field_name", b"column_name", b"displayName",
    b"display_name", b"attributeName", b"attribute_name",
]);

#[rustfmt::skip] // A word list reads better in lines.
static ROWS: Words = Words::new(&[
    b"d", b"r", b"v", b"row", b"data", b"rows", b"cells", b"entry", b"items", b"tuple", b"value", b"record",
    b"result", b"values", b"records", b"results",
]);

#[rustfmt::skip] // A word list reads better in lines.
static TOLD: Words = Words::new(&[
    b"v", b"val", b"real", b"value", b"answer", b"string", b"values", b"answers", b"integer", b"response",
    b"fieldValue", b"columnValue", b"field_value", b"column_value", b"attributeValue", b"attribute_value",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_a_list_is_in_it() {
        for words in [&HEADS, &TELLING, &ROWS, &TOLD] {
            for word in words.all {
                assert!(is_in(words, word) && is_in(words, &word.to_ascii_uppercase()));
            }
        }
        assert!(
            !is_in(&TELLING, b"") && !is_in(&TELLING, b"nam") && !is_in(&TELLING, &[b'a'; 40]) && !is_told(b"values1")
        );
        assert!(is_told(b"valueString") && says(b"url") && !says(b"value"));
    }
}
