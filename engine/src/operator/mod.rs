//! What takes the place of a finding.
//!
//! An [`Operator`] says how a value is replaced. What a date or a ZIP looks like is not known here: everything that
//! depends on the meaning of a value is asked of a [`Values`], which the detectors provide. Keys come from a
//! [`Keyring`]. [`apply`] puts the three together, and when an operator cannot treat a value it falls to a
//! stronger one, never to a weaker: `generalise`, then `tag`. The [`Outcome`] tells, so that a report can count it.

mod base62;
mod fpe;
mod keyring;
mod prf;
mod token;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use self::fpe::{Alphabet, Misfit, Shape};
pub use self::keyring::Keyring;
pub use self::prf::{Draws, Prf};
pub use self::token::{MAX_CANONICAL, MAX_KIND, MAX_TOKEN, TokenError, Tokens, find_tokens, unfinished_token};

/// How a finding is replaced. The order is the order of strength: what comes later reveals less.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Operator {
    /// The value itself.
    Keep,
    /// Same shape and length, reversible (NIST FF1).
    Fpe,
    /// A date moved by an offset that belongs to its subject of care.
    Shift,
    /// Deterministic authenticated encryption of the canonical value: equal values stay equal, the key turns it back.
    Token,
    /// Realistic, consistent, and not the value of anybody.
    Surrogate,
    /// The year of a date, the first three digits of a ZIP code, `90+`.
    Generalise,
    /// `*`, as many as the value has bytes.
    Mask,
    /// The kind in brackets: `[SSN]`.
    Tag,
    /// Nothing.
    Drop,
}

impl Operator {
    /// Every operator, the strongest first.
    pub const ALL: [Self; 9] = [
        Self::Drop,
        Self::Tag,
        Self::Mask,
        Self::Generalise,
        Self::Surrogate,
        Self::Token,
        Self::Shift,
        Self::Fpe,
        Self::Keep,
    ];

    /// The name that people type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Tag => "tag",
            Self::Mask => "mask",
            Self::Generalise => "generalise",
            Self::Surrogate => "surrogate",
            Self::Token => "token",
            Self::Shift => "shift",
            Self::Fpe => "fpe",
            Self::Keep => "keep",
        }
    }

    /// How much it hides, for combining profiles: the stronger of two wins (`max` does the same).
    pub const fn strength(self) -> u8 {
        self as u8
    }

    /// Works only with a key file. (`surrogate` takes a random key for one run when there is none.)
    pub const fn needs_key(self) -> bool {
        matches!(self, Self::Token | Self::Fpe | Self::Shift)
    }

    /// Its answers depend on a key, be it from a file or random.
    pub const fn uses_key(self) -> bool {
        self.needs_key() || matches!(self, Self::Surrogate)
    }

    /// Needs to know whose data it is.
    pub const fn needs_subject(self) -> bool {
        matches!(self, Self::Shift | Self::Surrogate)
    }

    /// The key turns its answers back into values.
    pub const fn is_reversible(self) -> bool {
        matches!(self, Self::Token | Self::Fpe)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Operator {
    type Err = UnknownOperator;

    fn from_str(name: &str) -> Result<Self, UnknownOperator> {
        Self::ALL.into_iter().find(|operator| operator.name() == name).ok_or(UnknownOperator)
    }
}

/// No operator has that name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownOperator;

impl fmt::Display for UnknownOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown operator; there are")?;
        Operator::ALL.iter().try_for_each(|operator| write!(f, " {operator}"))
    }
}

impl std::error::Error for UnknownOperator {}

/// What values mean. A kind is an id such as `ssn`, or with a sub-kind `name:patient`.
///
/// `None` means that the value has no such form; the caller then falls to a stronger operator. What is not written knows nothing of
/// values: each is its own only spelling, and every operator will do.
pub trait Values: Send + Sync {
    /// The one form that all spellings of a value share: `123456789` for `123-45-6789`.
    fn canonical(&self, kind: &str, value: &[u8]) -> Vec<u8> {
        let _ = kind;
        value.to_vec()
    }

    /// What of the value says whose it is, the same for all spellings, and for all kinds that one value may be taken for.
    /// `None`: it says nothing of the sort, as a date does not.
    fn identity(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
        let _ = (kind, value);
        None
    }

    /// How systems write the value with this canonical form, the most customary way first. A token resolves to the
    /// canonical form; a system that is asked for the value may know it in another spelling.
    fn spellings(&self, kind: &str, canonical: &[u8]) -> Vec<Vec<u8>> {
        let _ = kind;
        vec![canonical.to_vec()]
    }

    /// Which bytes carry the identity of the value, for `fpe`. Spellings of one value must have the same
    /// characters there, apart from case.
    fn shape(&self, kind: &str, value: &[u8]) -> Option<Shape> {
        let _ = (kind, value);
        None
    }

    /// The value with less detail.
    fn generalise(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
        let _ = (kind, value);
        None
    }

    /// The date so many days later, in the same format.
    fn shift(&self, kind: &str, value: &[u8], days: i32) -> Option<Vec<u8>> {
        let _ = (kind, value, days);
        None
    }

    /// A realistic stand-in, never equal to the value.
    fn surrogate(&self, kind: &str, value: &[u8], prf: &Prf) -> Option<Vec<u8>> {
        let _ = (kind, value, prf);
        None
    }

    /// Whether an operator makes sense for a kind, and if not, why.
    fn fits(&self, operator: Operator, kind: &str) -> Result<(), &'static str> {
        let _ = (operator, kind);
        Ok(())
    }
}

/// What an operator may need beside the value.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    /// What values mean.
    pub values: &'c dyn Values,
    /// The keys of this tenant, where there are any.
    pub keys: Option<&'c Keyring>,
    /// Whose data it is, where that is known.
    pub subject: Option<&'c [u8]>,
}

/// Replaces one value. Never fails: what the operator cannot treat is treated by a stronger one.
pub fn apply<'v>(operator: Operator, kind: &str, value: &'v [u8], context: &Context<'_>) -> Outcome<'v> {
    match attempt(operator, kind, value, context) {
        Ok(bytes) => Outcome { bytes, applied: operator, fallback: None },
        Err(reason) => {
            let generalised =
                if operator == Operator::Generalise { None } else { context.values.generalise(kind, value) };
            match generalised {
                Some(bytes) => {
                    Outcome { bytes: Cow::Owned(bytes), applied: Operator::Generalise, fallback: Some(reason) }
                }
                None => Outcome { bytes: Cow::Owned(tag(kind)), applied: Operator::Tag, fallback: Some(reason) },
            }
        }
    }
}

/// What `apply` did.
#[derive(Clone, Eq, PartialEq)]
pub struct Outcome<'v> {
    /// The replacement.
    pub bytes: Cow<'v, [u8]>,
    /// The operator that made it.
    pub applied: Operator,
    /// Why it is not the operator that was asked for.
    pub fallback: Option<Fallback>,
}

impl fmt::Debug for Outcome<'_> {
    /// Without the bytes: under `keep` they are the value itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("len", &self.bytes.len())
            .field("applied", &self.applied)
            .field("fallback", &self.fallback)
            .finish()
    }
}

/// Why an operator could not treat a value.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Fallback {
    /// There is no key.
    NoKey,
    /// Nobody knows whose data it is.
    NoSubject,
    /// The value has no form that the operator can treat, such as a date without a year.
    NoForm,
    /// The value is longer than a token may be.
    TooLong,
}

impl Fallback {
    /// The label in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoKey => "no-key",
            Self::NoSubject => "no-subject",
            Self::NoForm => "no-form",
            Self::TooLong => "too-long",
        }
    }
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The part of a kind before the colon: sub-kinds share keys, tokens and tags, so that their values join.
pub fn main_kind(kind: &str) -> &str {
    kind.split_once(':').map_or(kind, |(main, _)| main)
}

/// `[SSN]`
pub fn tag(kind: &str) -> Vec<u8> {
    let mut tag = Vec::with_capacity(kind.len() + 2);
    tag.push(b'[');
    tag.extend(main_kind(kind).bytes().map(|byte| byte.to_ascii_uppercase()));
    tag.push(b']');
    tag
}

fn attempt<'v>(
    operator: Operator,
    kind: &str,
    value: &'v [u8],
    context: &Context<'_>,
) -> Result<Cow<'v, [u8]>, Fallback> {
    let values = context.values;
    let keys = || context.keys.ok_or(Fallback::NoKey);
    let subject = || context.subject.ok_or(Fallback::NoSubject);
    let bytes = match operator {
        Operator::Keep => return Ok(Cow::Borrowed(value)),
        Operator::Drop => return Ok(Cow::Borrowed(&[])),
        Operator::Tag => tag(kind),
        Operator::Mask => vec![b'*'; value.len()],
        Operator::Generalise => values.generalise(kind, value).ok_or(Fallback::NoForm)?,
        Operator::Token => {
            let canonical = zeroize::Zeroizing::new(values.canonical(kind, value));
            keys()?
                .token(kind, &canonical)
                .map_err(|error| if error == TokenError::TooLong { Fallback::TooLong } else { Fallback::NoForm })?
                .into_bytes()
        }
        Operator::Fpe => keys()?.fpe(kind, value, values).map_err(|_| Fallback::NoForm)?,
        Operator::Shift => {
            let days = keys()?.shift_days(subject()?);
            values.shift(kind, value, days).ok_or(Fallback::NoForm)?
        }
        Operator::Surrogate => {
            let prf = keys()?.surrogates(kind, subject()?);
            // The one promise of a surrogate that is worth a second look.
            values.surrogate(kind, value, &prf).filter(|bytes| bytes != value).ok_or(Fallback::NoForm)?
        }
    };
    Ok(Cow::Owned(bytes))
}

#[cfg(test)]
mod tests;
