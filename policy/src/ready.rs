//! Ready-made policies to copy and adapt.

/// A set of policies with what it is for.
#[derive(Clone, Copy, Debug)]
pub struct ReadySet {
    /// The name of its file, without the ending.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// The policies.
    pub text: &'static str,
}

/// All of them. They speak of a target `ehr`, of the groups `agents`, `privacy-officers`, `vendor-acme` and `break-glass`, and
/// of a profile `agents`.
pub const READY: &[ReadySet] = &[
    ReadySet {
        name: "read-only-agents",
        about: "agents read, and do nothing else",
        text: include_str!("../ready/read-only-agents.cedar"),
    },
    ReadySet {
        name: "minimum-necessary",
        about: "each table with the columns that the task needs",
        text: include_str!("../ready/minimum-necessary.cedar"),
    },
    ReadySet {
        name: "bulk-needs-approval",
        about: "reading without a bound waits for a privacy officer",
        text: include_str!("../ready/bulk-needs-approval.cedar"),
    },
    ReadySet {
        name: "vendor-until",
        about: "a vendor's access, which ends on a date by itself",
        text: include_str!("../ready/vendor-until.cedar"),
    },
    ReadySet {
        name: "break-glass",
        about: "emergency access of enrolled people",
        text: include_str!("../ready/break-glass.cedar"),
    },
];
