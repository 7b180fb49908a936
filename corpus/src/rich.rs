//! Text whose pieces know what they are: the only source of labels.

/// What a piece of generated text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Neither an identifier nor meant to look like one.
    Plain,
    /// An identifier of this kind.
    Label(&'static str),
    /// No identifier, but meant to look like one; the string names what it is.
    Decoy(&'static str),
}

/// One piece of a [`Rich`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// What it is.
    pub role: Role,
    /// Its text, before any encoding.
    pub text: String,
}

/// Text with roles, before it is encoded into a document.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rich {
    pieces: Vec<Piece>,
}

impl Rich {
    /// Plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::default().with(Role::Plain, text)
    }

    /// One identifier.
    pub fn label(kind: &'static str, text: impl Into<String>) -> Self {
        Self::default().with(Role::Label(kind), text)
    }

    /// One hard negative.
    pub fn decoy(kind: &'static str, text: impl Into<String>) -> Self {
        Self::default().with(Role::Decoy(kind), text)
    }

    /// The same with one more piece at the end.
    pub fn with(mut self, role: Role, text: impl Into<String>) -> Self {
        self.push(role, text);
        self
    }

    /// The same with plain text at the end.
    pub fn then(self, text: impl Into<String>) -> Self {
        self.with(Role::Plain, text)
    }

    /// The same with one more identifier at the end.
    pub fn then_label(self, kind: &'static str, text: impl Into<String>) -> Self {
        self.with(Role::Label(kind), text)
    }

    /// Appends a piece; an empty one is dropped, since an empty label means nothing.
    pub fn push(&mut self, role: Role, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.pieces.push(Piece { role, text });
        }
    }

    /// Appends all pieces of `other`.
    pub fn append(&mut self, other: Self) {
        self.pieces.extend(other.pieces);
    }

    /// The pieces in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The pieces in order, to change them.
    pub fn pieces_mut(&mut self) -> &mut [Piece] {
        &mut self.pieces
    }

    /// The text of all pieces.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// True when there is no text.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}
