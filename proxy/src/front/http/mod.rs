//! HTTP: requests are admitted, attributed and judged here; answers come back redacted while they stream.

pub(crate) mod asked;
mod body;
mod coding;
mod connection;
mod exchange;
mod guard;
mod head;
mod hold;
mod links;
mod problem;
mod recorded;
mod text;
mod upstream;
mod wayback;

#[cfg(test)]
mod tests;

pub(crate) use self::exchange::Front;
