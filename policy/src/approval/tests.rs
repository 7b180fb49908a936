use proptest::prelude::*;

use super::*;
use crate::canonical::RequestDigest;

const MINUTE: i64 = 60_000;
const POLICIES: [u8; 32] = [3; 32];

struct Person {
    subject: String,
    kind: SubjectKind,
    groups: BTreeSet<String>,
    secret: ApproverSecret,
}

fn person(subject: &str, seed: u8, groups: &[&str]) -> Person {
    Person {
        subject: subject.to_owned(),
        kind: SubjectKind::User,
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        secret: ApproverSecret::from_seed(&[seed; 32]),
    }
}

fn ask(needs: &[(&str, u32)]) -> Ask {
    Ask {
        id: "ap-1".to_owned(),
        request: RequestDigest::from_bytes([1; 32]),
        subject: "agent-7".to_owned(),
        requesters: ["agent-7", "https://id#alice"].map(String::from).into(),
        target: "ehr".to_owned(),
        policies: POLICIES,
        lifts: [PolicyId::new("bulk-select")].into(),
        needs: needs.iter().map(|(group, quorum)| ((*group).to_owned(), *quorum)).collect(),
        max_rows: Some(1000),
        valid_ms: 10 * MINUTE,
        decide_by_ms: 60 * MINUTE,
    }
}

fn asked(needs: &[(&str, u32)]) -> Approval {
    Approval::new(ask(needs), 0).unwrap()
}

fn aliases() -> Aliases {
    Aliases::new([("https://second#alice".to_owned(), "https://id#alice".to_owned())])
}

fn say(approval: &Approval, who: &Person, meaning: Meaning, now: i64) -> Result<(Approval, Vec<Effect>), Refusal> {
    let statement = Statement::new(approval.ask(), meaning, &who.subject, "seen", now).unwrap();
    let signature = who.secret.sign(&statement);
    said(approval, who, &statement, &signature, now)
}

fn said(
    approval: &Approval,
    who: &Person,
    statement: &Statement,
    signature: &[u8; 64],
    now: i64,
) -> Result<(Approval, Vec<Effect>), Refusal> {
    let (key, aliases) = (who.secret.public(), aliases());
    let approver =
        Approver { subject: &who.subject, kind: who.kind, groups: &who.groups, key: &key, aliases: &aliases };
    approval.apply(&Event::Decide { approver: &approver, statement, signature }, now)
}

fn consumption() -> Consumption<'static> {
    let request = RequestDigest::from_bytes([1; 32]);
    Consumption { request, subject: "agent-7", target: "ehr", policies: &POLICIES }
}

fn consume(approval: &Approval, now: i64) -> Result<(Approval, Vec<Effect>), Refusal> {
    approval.apply(&Event::Consume(consumption()), now)
}

fn granted(now: i64) -> Approval {
    let officer = person("officer-1", 1, &["officers"]);
    let (granted, effects) = say(&asked(&[("officers", 1)]), &officer, Meaning::Approve, now).unwrap();
    assert_eq!(effects, [Effect::Record("granted"), Effect::Wake]);
    granted
}

#[test]
fn one_agrees_one_goes_through() {
    let (consumed, effects) = consume(&granted(0), MINUTE).unwrap();
    assert_eq!(effects, [Effect::Record("consumed"), Effect::Forward]);
    assert_eq!(consume(&consumed, MINUTE), Err(Refusal::Closed));
    assert_eq!(consume(&asked(&[("officers", 1)]), MINUTE).unwrap_err(), Refusal::NotGranted);
    assert_eq!(Approval::new(ask(&[]), 0), None, "an approval that nobody has to give is none");
    assert_eq!(Approval::new(ask(&[("officers", 0)]), 0), None);
}

#[test]
fn validity_counts_from_the_decision_and_a_clock_set_back_wins_nothing() {
    let late = granted(59 * MINUTE);
    assert!(consume(&late, 68 * MINUTE).is_ok());
    let (expired, effects) = consume(&late, 69 * MINUTE).unwrap();
    assert_eq!((expired.state(), &effects[..]), (&State::Expired, &[Effect::Record("expired"), Effect::Wake][..]));
    assert_eq!(consume(&expired, 0), Err(Refusal::Closed));

    let officer = person("officer-1", 1, &["officers"]);
    let (expired, _) = say(&asked(&[("officers", 1)]), &officer, Meaning::Approve, 60 * MINUTE).unwrap();
    assert_eq!(expired.state(), &State::Expired, "too late to decide");

    // Two must agree; the first does so late. The second cannot make it early again.
    let two = asked(&[("officers", 2)]);
    let (one, _) = say(&two, &officer, Meaning::Approve, 50 * MINUTE).unwrap();
    let other = person("officer-2", 2, &["officers"]);
    let back = Statement::new(one.ask(), Meaning::Approve, &other.subject, "seen", MINUTE).unwrap();
    let signature = other.secret.sign(&back);
    assert_eq!(said(&one, &other, &back, &signature, MINUTE), Err(Refusal::Statement));
}

#[test]
fn any_difference_is_refused() {
    let granted = granted(0);
    let try_with = |consumption| granted.apply(&Event::Consume(consumption), MINUTE).unwrap_err();
    let other = RequestDigest::from_bytes([2; 32]);
    assert_eq!(try_with(Consumption { request: other, ..consumption() }), Refusal::OtherRequest);
    assert_eq!(try_with(Consumption { subject: "agent-8", ..consumption() }), Refusal::OtherRequest);
    assert_eq!(try_with(Consumption { target: "ehr2", ..consumption() }), Refusal::OtherRequest);
    assert_eq!(try_with(Consumption { policies: &[4; 32], ..consumption() }), Refusal::OtherPolicies);
}

#[test]
fn agents_requesters_and_strangers_do_not_approve() {
    let approval = asked(&[("officers", 1)]);
    let refusal = |who: &Person| say(&approval, who, Meaning::Approve, 0).unwrap_err();
    let mut agent = person("agent-8", 1, &["officers"]);
    agent.kind = SubjectKind::Agent;
    assert_eq!(refusal(&agent), Refusal::Agent);
    assert_eq!(refusal(&person("agent-7", 1, &["officers"])), Refusal::OwnRequest);
    assert_eq!(refusal(&person("https://id#alice", 1, &["officers"])), Refusal::OwnRequest, "on whose behalf it acts");
    assert_eq!(
        refusal(&person("https://second#alice", 1, &["officers"])),
        Refusal::OwnRequest,
        "through another issuer"
    );
    assert_eq!(refusal(&person("officer-1", 1, &["Officers", "admins"])), Refusal::NotInGroup);
    assert_eq!(say(&approval, &person("x", 1, &[]), Meaning::Deny, 0).unwrap_err(), Refusal::NotInGroup);
}

#[test]
fn the_same_person_counts_once() {
    let approval = asked(&[("officers", 2)]);
    let mut approval = Approval { ask: Ask { requesters: BTreeSet::new(), ..approval.ask }, ..approval };
    approval = say(&approval, &person("https://id#alice", 1, &["officers"]), Meaning::Approve, 0).unwrap().0;
    assert!(matches!(approval.state(), State::Asked { votes } if votes.len() == 1));
    let again = |subject| say(&approval, &person(subject, 2, &["officers"]), Meaning::Approve, 0).unwrap_err();
    assert_eq!(again("https://id#alice"), Refusal::Again);
    assert_eq!(again("https://second#alice"), Refusal::Again);
    let (granted, _) = say(&approval, &person("bob", 2, &["officers"]), Meaning::Approve, 0).unwrap();
    assert!(matches!(granted.state(), State::Granted { votes, .. } if votes.len() == 2));
}

#[test]
fn a_no_wins_until_it_is_used() {
    let no = person("officer-2", 2, &["officers"]);
    let (denied, effects) = say(&granted(0), &no, Meaning::Deny, MINUTE).unwrap();
    assert_eq!(effects, [Effect::Record("denied"), Effect::Wake]);
    assert_eq!(consume(&denied, MINUTE), Err(Refusal::Closed));
    let yes = person("officer-3", 3, &["officers"]);
    assert_eq!(say(&denied, &yes, Meaning::Approve, MINUTE), Err(Refusal::Closed));
    let (consumed, _) = consume(&granted(0), MINUTE).unwrap();
    assert_eq!(say(&consumed, &no, Meaning::Deny, MINUTE), Err(Refusal::Closed));
}

#[test]
fn a_signature_is_of_one_key_over_one_statement_at_one_time() {
    let approval = asked(&[("officers", 1)]);
    let officer = person("officer-1", 1, &["officers"]);
    let statement = Statement::new(approval.ask(), Meaning::Approve, "officer-1", "seen", 0).unwrap();
    let signature = officer.secret.sign(&statement);
    let refusal = |statement: &Statement, signature: &[u8; 64], now| {
        said(&approval, &officer, statement, signature, now).unwrap_err()
    };

    let forged = person("officer-1", 9, &[]).secret.sign(&statement);
    assert_eq!(refusal(&statement, &forged, 0), Refusal::Signature);
    for bit in [0, 100, 511] {
        let mut altered = signature;
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(refusal(&statement, &altered, 0), Refusal::Signature);
    }
    assert_eq!(refusal(&Statement { meaning: Meaning::Deny, ..statement.clone() }, &signature, 0), Refusal::Signature);
    assert_eq!(refusal(&Statement { reason: "other".into(), ..statement.clone() }, &signature, 0), Refusal::Signature);
    assert_eq!(
        refusal(&Statement { approver: "officer-2".into(), ..statement.clone() }, &signature, 0),
        Refusal::Statement
    );
    assert_eq!(refusal(&statement, &signature, 6 * MINUTE), Refusal::Statement, "kept for later");
    // Signed for another ask, even one that differs in a single thing that binds.
    for other in [
        Ask { id: "ap-2".into(), ..ask(&[]) },
        Ask { request: RequestDigest::from_bytes([2; 32]), ..ask(&[]) },
        Ask { max_rows: None, ..ask(&[]) },
        Ask { lifts: BTreeSet::new(), ..ask(&[]) },
        Ask { valid_ms: 1, ..ask(&[]) },
        Ask { policies: [4; 32], ..ask(&[]) },
        Ask { target: "fhir".into(), ..ask(&[]) },
        Ask { subject: "agent-8".into(), ..ask(&[]) },
    ] {
        let statement = Statement::new(&other, Meaning::Approve, "officer-1", "seen", 0).unwrap();
        assert_eq!(refusal(&statement, &officer.secret.sign(&statement), 0), Refusal::Statement);
    }
    assert!(said(&approval, &officer, &statement, &signature, 0).is_ok());
}

#[test]
fn the_signed_text_is_readable_and_nothing_can_add_a_line_to_it() {
    let reason = "fine\ndecision: approve \u{202e}\"";
    let statement = Statement::new(&ask(&[]), Meaning::Deny, "officer-1", reason, 5).unwrap();
    assert_eq!(
        statement.text(),
        "blackbar approval statement 1\n\
         decision: deny\n\
         meaning: I have read what is asked for and refuse it.\n\
         approver: \"officer-1\"\n\
         reason: \"fine\\u{a}decision: approve \\u{202e}\\\"\"\n\
         at: 5 ms since 1970\n\
         approval: \"ap-1\"\n\
         subject: \"agent-7\"\n\
         target: \"ehr\"\n\
         request: 0101010101010101010101010101010101010101010101010101010101010101\n\
         policies: 0303030303030303030303030303030303030303030303030303030303030303\n\
         lifts: \"bulk-select\"\n\
         rows: at most 1000\n\
         valid: 600000 ms from the decision\n"
    );
    assert_eq!(Statement::new(&ask(&[]), Meaning::Deny, "o", " ", 5), Err(TextError));
    assert_eq!(Statement::new(&ask(&[]), Meaning::Deny, "o", "x".repeat(1001), 5), Err(TextError));
}

#[test]
fn keys_are_read_and_weak_ones_are_not() {
    let key = ApproverSecret::from_seed(&[5; 32]).public();
    assert_eq!(ApproverKey::parse(&key.to_string()), Ok(key));
    // The neutral element: of small order.
    let weak = "ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for text in ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA", weak] {
        assert_eq!(ApproverKey::parse(text), Err(KeyError), "{text}");
    }
    assert_eq!(format!("{:?}", ApproverSecret::from_seed(&[5; 32])), "ApproverSecret");
}

#[test]
fn asking_has_limits() {
    let limits = AskLimits { pending_of_subject: 1, pending: 3, hourly_of_subject: 2 };
    let asked = |pending_of_subject, pending, hourly_of_subject| {
        limits.admits(&Asked { pending_of_subject, pending, hourly_of_subject })
    };
    assert!(asked(0, 2, 1));
    assert!(!asked(1, 2, 1));
    assert!(!asked(0, 3, 1));
    assert!(!asked(0, 2, 2));
}

/// What a person or a client may try, in any order.
#[derive(Clone, Copy, Debug)]
enum Step {
    Say { who: usize, meaning: Meaning },
    Consume { right: bool },
    Wait { minutes: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_usize..5).prop_map(|who| Step::Say { who, meaning: Meaning::Approve }),
        1 => (0_usize..5).prop_map(|who| Step::Say { who, meaning: Meaning::Deny }),
        3 => any::<bool>().prop_map(|right| Step::Consume { right }),
        2 => (-30_i64..30).prop_map(|minutes| Step::Wait { minutes }),
    ];
    prop::collection::vec(step, 0..24)
}

/// The rules in the plainest words: who has said yes, whether anybody said no, and what the clock has seen.
#[derive(Default)]
struct Model {
    yes: BTreeSet<usize>,
    granted_at: Option<i64>,
    over: bool,
}

proptest! {
    /// Whatever happens in whatever order: forwarded at most once, only while granted, only after enough different people
    /// who may say yes have said so, and never after a no.
    #[test]
    fn the_machine_does_what_the_model_says(steps in steps(), quorum in 1_u32..4) {
        // Two officers, an officer who is the requester, an agent, and somebody of another group.
        let mut people = [
            person("officer-1", 1, &["officers"]),
            person("officer-2", 2, &["officers"]),
            person("https://second#alice", 3, &["officers"]),
            person("agent-8", 4, &["officers"]),
            person("nurse-1", 5, &["nurses"]),
        ];
        people[3].kind = SubjectKind::Agent;
        let may_decide = |who: usize| who < 2;

        let mut approval = asked(&[("officers", quorum)]);
        let mut model = Model::default();
        let (mut now, mut seen) = (0, 0);
        let mut forwarded = 0;
        for step in steps {
            let before = (approval.state().clone(), approval.revision());
            let outcome = match step {
                Step::Wait { minutes } => {
                    now += minutes * MINUTE;
                    approval.apply(&Event::Tick, now)
                }
                // They sign with the time that the machine goes by, else nothing they say is of now.
                Step::Say { who, meaning } => say(&approval, &people[who], meaning, now.max(seen)),
                Step::Consume { right } => {
                    let request = RequestDigest::from_bytes([if right { 1 } else { 2 }; 32]);
                    approval.apply(&Event::Consume(Consumption { request, ..consumption() }), now)
                }
            };
            // The model.
            let moment = now.max(seen);
            let late = match model.granted_at {
                _ if model.over => false,
                Some(at) => moment >= at + 10 * MINUTE,
                None => moment >= 60 * MINUTE,
            };
            let mut goes_through = false;
            if late {
                model.over = true;
            } else if !model.over {
                match step {
                    Step::Say { who, meaning: Meaning::Deny } if may_decide(who) => model.over = true,
                    Step::Say { who, meaning: Meaning::Approve } if may_decide(who) && model.granted_at.is_none() => {
                        model.yes.insert(who);
                        if model.yes.len() >= quorum as usize {
                            model.granted_at = Some(moment);
                        }
                    }
                    Step::Consume { right: true } if model.granted_at.is_some() => {
                        goes_through = true;
                        model.over = true;
                    }
                    _ => {}
                }
            }
            let forwards = match outcome {
                Ok((next, effects)) => {
                    prop_assert_eq!(next.revision(), before.1 + 1);
                    prop_assert_ne!(next.state(), &before.0);
                    approval = next;
                    seen = seen.max(now);
                    effects.contains(&Effect::Forward)
                }
                Err(_) => {
                    prop_assert_eq!(&(approval.state().clone(), approval.revision()), &before);
                    false
                }
            };
            prop_assert_eq!(forwards, goes_through);
            forwarded += usize::from(forwards);
            prop_assert!(forwarded <= 1);
            let open = matches!(approval.state(), State::Asked { .. } | State::Granted { .. });
            prop_assert_eq!(open, !model.over);
            prop_assert_eq!(matches!(approval.state(), State::Granted { .. }), model.granted_at.is_some() && !model.over);
        }
    }
}
