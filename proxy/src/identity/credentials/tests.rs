use std::time::Instant;

use super::*;

const HOUR: i64 = 3_600_000;

fn agent(id: &str) -> Subject {
    Subject::new(SubjectKind::Agent, id, ["agents"])
}

fn request(subject: Subject, ttl_ms: i64) -> Request<'static> {
    Request { subject, actors: &[], issued_by: "root", ttl_ms, method: Method::Credential, proved: false }
}

fn issue(credentials: &Credentials, request: &Request<'_>) -> Result<(Secret, Arc<Credential>), IssueError> {
    let approving = ["privacy-officers"].into();
    credentials.issue(request, &Rules { max_ttl_ms: HOUR, approving_groups: &approving }, 0)
}

fn fresh() -> Credentials {
    Credentials::open(Arc::new(State::in_memory()), 0).unwrap()
}

#[test]
fn what_was_issued_is_accepted_until_it_ends() {
    let credentials = fresh();
    let (secret, credential) = issue(&credentials, &request(agent("agent-7"), HOUR)).unwrap();
    let identity = credentials.authenticate(secret.expose(), HOUR - 1).unwrap();
    assert_eq!((identity.subject.clone(), identity.expires_ms), (agent("agent-7"), HOUR));
    assert_eq!(identity.credential.as_ref(), Some(&credential.id));
    assert_eq!(credentials.authenticate(secret.expose(), HOUR), None);
    assert_eq!(credentials.authenticate(Secret::random().unwrap().expose(), 0), None);
    assert_eq!(credentials.authenticate("", 0), None);
    assert_eq!(credentials.list(0).len(), 1);
    assert_eq!(credentials.list(HOUR).len(), 0);
    assert!(credentials.is_live(&credential.id, "agent-7", 0) && !credentials.is_live(&credential.id, "agent-7", HOUR));
}

#[test]
fn it_survives_a_restart_and_so_does_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let open = || Credentials::open(Arc::new(State::open(&path).unwrap()), 0).unwrap();
    let (kept, ended, salt);
    {
        let credentials = open();
        kept = issue(&credentials, &request(agent("agent-7"), HOUR)).unwrap();
        ended = issue(&credentials, &request(agent("agent-8"), HOUR)).unwrap();
        assert_eq!(credentials.revoke(&Which::Subject("agent-8"), 5).unwrap(), std::slice::from_ref(&ended.1.id));
        assert_eq!(credentials.authenticate(ended.0.expose(), 5), None, "at once");
        salt = credentials.scram("agent-7", 0).salt;
    }
    let credentials = open();
    assert_eq!(credentials.authenticate(kept.0.expose(), 5).unwrap().subject, agent("agent-7"));
    assert_eq!(credentials.authenticate(ended.0.expose(), 5), None);
    assert_eq!(credentials.scram("agent-7", 0).salt, salt);
    credentials.sweep(HOUR).unwrap();
    assert_eq!(credentials.list(i64::MIN).len(), 0);
    // Nothing in the file is a secret that a client could present.
    for file in ["state.db", "state.db-wal"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(8).any(|window| kept.0.expose().as_bytes().starts_with(window)), "{file}");
    }
}

#[test]
fn what_must_not_be_issued_is_not() {
    let credentials = fresh();
    let refused = |request: Request<'_>| issue(&credentials, &request).unwrap_err().to_string();
    assert_eq!(refused(request(agent("a"), HOUR + 1)), "a credential lives for at most 3600 s");
    assert_eq!(refused(request(agent("a"), 0)), "a credential lives for at most 3600 s");
    let officer = Subject::new(SubjectKind::User, "o", ["staff", "privacy-officers"]);
    assert_eq!(
        refused(request(officer, HOUR)),
        "the group `privacy-officers` may approve, so no credential carries it"
    );
    let names = "a subject and its groups need names of 1 to 255 visible characters";
    for id in ["", " a", "a\nb", "a\u{202e}b", &"a".repeat(256)] {
        assert_eq!(refused(request(agent(id), HOUR)), names, "{id:?}");
    }
    assert_eq!(refused(request(Subject::new(SubjectKind::User, "a", [""]), HOUR)), names);
    let foreign = "a subject of an issuer comes with a token of that issuer, a workload with its certificate";
    assert_eq!(refused(request(agent("https://id.example#alice"), HOUR)), foreign);
    assert_eq!(credentials.list(0).len(), 0);
}

#[test]
fn scram_finds_which_of_the_credentials_it_was() {
    let credentials = fresh();
    let (first, _) = issue(&credentials, &request(agent("agent-7"), HOUR)).unwrap();
    let (second, known) = issue(&credentials, &request(agent("agent-7"), HOUR)).unwrap();
    let (other, _) = issue(&credentials, &request(agent("agent-8"), HOUR)).unwrap();
    let exchange = credentials.scram("agent-7", 0);
    let message = b"n=,r=a,r=ab,s=c,i=4096,c=biws,r=ab";

    assert!(exchange.finish(message, &proof(&first, &exchange, message)).is_some());
    let (identity, _) = exchange.finish(message, &proof(&second, &exchange, message)).unwrap();
    assert_eq!(identity.credential.as_ref(), Some(&known.id));
    assert!(exchange.finish(message, &proof(&other, &exchange, message)).is_none());
    assert!(credentials.scram("agent-7", HOUR).finish(message, &proof(&first, &exchange, message)).is_none());

    let nobody = credentials.scram("nobody", 0);
    assert_ne!(nobody.salt, exchange.salt);
    assert_eq!(nobody.salt, credentials.scram("nobody", 0).salt);
    assert!(nobody.finish(message, &[0; 32]).is_none());
}

/// What a client computes.
fn proof(secret: &Secret, exchange: &ScramExchange, message: &[u8]) -> [u8; 32] {
    use ring::{digest, hmac, pbkdf2};

    let mut salted = [0; 32];
    let iterations = std::num::NonZeroU32::new(super::super::scram::ITERATIONS).unwrap();
    let password = secret.expose().as_bytes();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &exchange.salt, password, &mut salted);
    let client_key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salted), b"Client Key");
    let stored = digest::digest(&digest::SHA256, client_key.as_ref());
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, stored.as_ref()), message);
    let mut proof = [0; 32];
    for (place, byte) in proof.iter_mut().enumerate() {
        *byte = client_key.as_ref()[place] ^ signature.as_ref()[place];
    }
    proof
}

#[test]
fn a_known_credential_is_checked_fast() {
    let credentials = fresh();
    for number in 0..50 {
        issue(&credentials, &request(agent(&format!("agent-{number}")), HOUR)).unwrap();
    }
    let (secret, _) = issue(&credentials, &request(agent("agent-x"), HOUR)).unwrap();
    let mut times: Vec<_> = (0..2000)
        .map(|_| {
            let start = Instant::now();
            assert!(credentials.authenticate(secret.expose(), 0).is_some());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("a known credential: p50 {:?}", times[1000]);
    assert!(times[1000].as_micros() < 100, "{:?}", times[1000]);
}
