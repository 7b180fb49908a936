//! What an OID of a type means.

use std::sync::Arc;

/// A type that is not made of others.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum Base {
    Bool,
    Bytea,
    /// One byte, with quotes around its name in SQL.
    Char,
    Name,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Money,
    Text,
    Varchar,
    Bpchar,
    Json,
    Jsonb,
    Xml,
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Inet,
    Cidr,
    MacAddr,
    MacAddr8,
}

/// How a type is made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shape {
    /// Of nothing else.
    Base(Base),
    /// A label.
    Enum,
    /// Another type with conditions.
    Domain(u32),
    /// Many of one type.
    Array(u32),
    /// One of each of these; also a record that nobody declared.
    Composite(Arc<[u32]>),
    /// From one value to another, or several such.
    Range,
    /// Nobody knows.
    Unknown,
}

/// Knows the types that a database has made. [`Builtin`] knows those that every database has.
pub trait Types {
    /// How the type is made.
    fn shape(&self, oid: u32) -> Shape;
}

/// The types that every database has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Builtin;

impl Types for Builtin {
    fn shape(&self, oid: u32) -> Shape {
        if let Some((_, _, base)) = BASES.iter().find(|(known, ..)| *known == oid) {
            return Shape::Base(*base);
        }
        if let Some((element, ..)) = BASES.iter().find(|(_, array, _)| *array == oid) {
            return Shape::Array(*element);
        }
        match oid {
            // The ranges and multiranges of numbers, dates and times.
            3904 | 3906 | 3908 | 3910 | 3912 | 3926 | 4451 | 4532..=4536 => Shape::Range,
            RECORD => Shape::Composite(Arc::from([])),
            RECORD_ARRAY => Shape::Array(RECORD),
            _ => Shape::Unknown,
        }
    }
}

const RECORD: u32 = 2249;
const RECORD_ARRAY: u32 = 2287;

/// The OID of a type, of its array, and what it is.
const BASES: &[(u32, u32, Base)] = &[
    (16, 1000, Base::Bool),
    (17, 1001, Base::Bytea),
    (18, 1002, Base::Char),
    (19, 1003, Base::Name),
    (20, 1016, Base::Int8),
    (21, 1005, Base::Int2),
    (23, 1007, Base::Int4),
    (25, 1009, Base::Text),
    (26, 1028, Base::Oid),
    (114, 199, Base::Json),
    (142, 143, Base::Xml),
    (700, 1021, Base::Float4),
    (701, 1022, Base::Float8),
    (650, 651, Base::Cidr),
    (774, 775, Base::MacAddr8),
    (790, 791, Base::Money),
    (829, 1040, Base::MacAddr),
    (869, 1041, Base::Inet),
    (1042, 1014, Base::Bpchar),
    (1043, 1015, Base::Varchar),
    (1082, 1182, Base::Date),
    (1083, 1183, Base::Time),
    (1114, 1115, Base::Timestamp),
    (1184, 1185, Base::TimestampTz),
    (1186, 1187, Base::Interval),
    (1266, 1270, Base::TimeTz),
    (1700, 1231, Base::Numeric),
    (2950, 2951, Base::Uuid),
    (3802, 3807, Base::Jsonb),
];
