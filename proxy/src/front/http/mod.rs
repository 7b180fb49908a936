//! HTTP: requests are admitted, attributed and judged here; answers come back redacted while they stream.

mod arriving;
mod ascent;
pub(crate) mod asked;
mod body;
mod coding;
mod connection;
mod cookies;
mod envelope;
mod exchange;
mod guard;
mod head;
mod hold;
mod left_out;
mod links;
mod nested;
mod originals;
mod outward;
mod patience;
mod problem;
mod purpose;
mod quoted;
mod recorded;
mod replaced;
mod text;
mod upstream;
mod way;
mod wayback;

#[cfg(test)]
mod tests;

pub(crate) use self::exchange::Front;
