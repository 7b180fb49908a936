//! What is done with the record once it is written: found again, kept, deleted in time, sent on, witnessed. All of it reads
//! the log with cursors; what is to be known of it goes into the log through the recorder, like everything else.

mod derived;
pub(crate) mod follow;
pub(crate) mod index;
pub(crate) mod lived;
pub(crate) mod post;
pub(crate) mod retention;
pub(crate) mod subjects;
pub(crate) mod witness;

pub(crate) use self::follow::{Follower, Standing};
pub(crate) use self::index::{Filter, Index, Row};
pub(crate) use self::retention::Keeper;
pub(crate) use self::subjects::Subjects;
pub(crate) use self::witness::Witnessed;
