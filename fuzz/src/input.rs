//! Reads choices and pieces from the fuzzer's bytes.

/// The bytes that are left. An exhausted input answers with zeros, so that every input means something.
pub(crate) struct Input<'b> {
    bytes: &'b [u8],
}

impl<'b> Input<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    pub(crate) fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// At most `len` bytes.
    pub(crate) fn take(&mut self, len: usize) -> &'b [u8] {
        let (taken, rest) = self.bytes.split_at(len.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    /// All that is left, up to a length.
    pub(crate) fn rest(&mut self, most: usize) -> &'b [u8] {
        self.take(most)
    }

    /// One of a list.
    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::from(self.byte()) % list.len()]
    }

    /// Places to cut at, in order; later scaled to a document.
    pub(crate) fn cuts(&mut self) -> Vec<u16> {
        (0..self.byte() % 16).map(|_| self.number()).collect()
    }
}

/// The places in a document of `len` bytes, ascending.
pub(crate) fn places(cuts: &[u16], len: usize) -> Vec<usize> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut) % (len + 1)).collect();
    places.sort_unstable();
    places
}
