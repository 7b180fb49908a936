//! How the state file came to be as it is: one step for each version, never changed afterwards.

use rusqlite::Connection;

use super::StateError;

const STEPS: &[&str] = &[
    // 1: secrets of this gateway, and the credentials that it issued.
    "CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT;
    CREATE TABLE credentials (
        id TEXT PRIMARY KEY,
        subject TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('agent', 'user')),
        groups TEXT NOT NULL,
        actors TEXT NOT NULL,
        issued_by TEXT NOT NULL,
        issued_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        revoked_ms INTEGER,
        token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
        scram_stored_key BLOB NOT NULL CHECK (length(scram_stored_key) = 32),
        scram_server_key BLOB NOT NULL CHECK (length(scram_server_key) = 32)
    ) STRICT;
    CREATE INDEX credentials_by_expiry ON credentials (expires_ms);",
    // 2: approvals. The salt goes when one is closed: nobody can try requests against its digest any more.
    "CREATE TABLE approvals (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('asked', 'granted', 'denied', 'expired', 'consumed')),
        revision INTEGER NOT NULL,
        asked_ms INTEGER NOT NULL,
        latest_ms INTEGER NOT NULL,
        due_ms INTEGER,
        subject TEXT NOT NULL,
        target TEXT NOT NULL,
        request BLOB NOT NULL CHECK (length(request) = 32),
        salt BLOB,
        policies BLOB NOT NULL CHECK (length(policies) = 32),
        ask TEXT NOT NULL,
        outcome TEXT NOT NULL
    ) STRICT;
    CREATE INDEX approvals_by_subject ON approvals (subject, asked_ms);
    CREATE INDEX approvals_by_due ON approvals (due_ms) WHERE due_ms IS NOT NULL;",
    // 3: what reviewers are shown of a request; redacted.
    "ALTER TABLE approvals ADD COLUMN shown TEXT NOT NULL DEFAULT '{}';",
    // 4: who and what is locked out.
    "CREATE TABLE locks (
        kind TEXT NOT NULL CHECK (kind IN ('subject', 'group', 'target')),
        name TEXT NOT NULL,
        locked_by TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT;",
    // 5: emergency access, how a credential was come by, and what somebody is still to be told.
    "ALTER TABLE credentials ADD COLUMN method TEXT NOT NULL DEFAULT 'credential';
    CREATE TABLE emergencies (
        id TEXT PRIMARY KEY,
        subject TEXT NOT NULL,
        ticket TEXT NOT NULL,
        reason TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL,
        credential TEXT NOT NULL,
        reviewed_by TEXT,
        reviewed_ms INTEGER
    ) STRICT;
    CREATE INDEX emergencies_by_subject ON emergencies (subject);
    CREATE TABLE notices (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        told_ms INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        notice TEXT NOT NULL
    ) STRICT;
    CREATE INDEX notices_by_name ON notices (name, due_ms);",
    // 6: tokens of issuers that were exchanged, by their hashes.
    "CREATE TABLE spent (
        token BLOB PRIMARY KEY CHECK (length(token) = 32),
        until_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX spent_by_end ON spent (until_ms);",
];

/// Runs what is missing, each step in a transaction with its number.
pub(super) fn run(connection: &mut Connection) -> Result<(), StateError> {
    let failed = "the state could not be brought up to date";
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(StateError::because(failed))?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > STEPS.len() {
        return Err(StateError::new("the state was written by a newer version"));
    }
    for (number, step) in (1_i64..).zip(STEPS).skip(done) {
        let mut run = || {
            let transaction = connection.transaction()?;
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", number)?;
            transaction.commit()
        };
        run().map_err(StateError::because(failed))?;
    }
    Ok(())
}
