//! A tiny issuer that rotates its keys and lies on demand, and the attacks that a token can carry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blackbar_policy::SubjectKind;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use ring::{digest, hmac};
use serde_json::{Value, json};

use super::*;
use crate::identity::Method;

const NOW: i64 = 1_795_266_305_000;
const NOW_S: i64 = NOW / 1000;
const ISSUER: &str = "https://id.example/realms/clinic";

/// An issuer with one key at a time.
struct Idp {
    issuer: &'static str,
    keys: Mutex<Published>,
    asked: AtomicUsize,
}

struct Published {
    id: String,
    pair: Arc<EcdsaKeyPair>,
    /// What the metadata and the key set say instead of the truth.
    lie: Option<Lie>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    Down,
    OtherIssuer,
    KeysInTheClear,
    KeysAtALoopback,
    TooMuch,
    NoJson,
}

fn pair() -> Arc<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    Arc::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap())
}

impl Idp {
    fn new(issuer: &'static str) -> Arc<Self> {
        let keys = Mutex::new(Published { id: "k1".to_owned(), pair: pair(), lie: None });
        Arc::new(Self { issuer, keys, asked: AtomicUsize::new(0) })
    }

    fn rotate(&self, id: &str) {
        let mut keys = self.keys.lock().unwrap();
        (keys.id, keys.pair) = (id.to_owned(), pair());
    }

    fn lie(&self, lie: Option<Lie>) {
        self.keys.lock().unwrap().lie = lie;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn jwk(&self) -> Value {
        let keys = self.keys.lock().unwrap();
        jwk(&keys.id, &keys.pair)
    }

    fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({}), claims)
    }

    fn token_with(&self, header: &Value, claims: &Value) -> String {
        let (id, pair) = {
            let keys = self.keys.lock().unwrap();
            (keys.id.clone(), Arc::clone(&keys.pair))
        };
        let mut all = json!({"alg": "ES256", "typ": "at+jwt", "kid": id});
        merge(&mut all, header);
        signed(&all.to_string(), &claims.to_string(), &pair)
    }
}

fn jwk(id: &str, pair: &EcdsaKeyPair) -> Value {
    let point = pair.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": id, "x": x, "y": y})
}

fn signed(header: &str, claims: &str, pair: &EcdsaKeyPair) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// `null` takes a member away.
fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().unwrap() {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(name);
        } else {
            into[name] = value.clone();
        }
    }
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "sub": "summariser-1", "aud": "blackbar", "client_id": "summariser", "jti": "t-1",
        "iat": NOW_S, "exp": NOW_S + 600, "groups": ["okta-agents"],
    });
    merge(&mut claims, changes);
    claims
}

fn config(issuer: &str) -> IssuerConfig {
    let rule =
        |claim: &str, value: &str| Some(ClaimRule { claim: claim.to_owned(), values: [value.to_owned()].into() });
    IssuerConfig {
        issuer: issuer.to_owned(),
        audiences: ["blackbar".to_owned()].into(),
        clients: None,
        groups_claim: "groups".to_owned(),
        groups: [("okta-agents", "agents"), ("okta-privacy", "privacy-officers")]
            .map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()))
            .into(),
        aliases: BTreeMap::new(),
        agents: rule("client_id", "summariser"),
        people: rule("client_id", "portal"),
        accept_untyped: false,
        keys_url: None,
    }
}

/// What several issuers answer, by their URLs.
struct Net(Vec<Arc<Idp>>);

impl FetchKeys for Net {
    async fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        tokio::task::yield_now().await;
        let idp = self.0.iter().find(|idp| url.starts_with(idp.issuer))?;
        let lie = idp.keys.lock().unwrap().lie;
        match (lie, url.strip_prefix(idp.issuer)?) {
            (Some(Lie::Down), _) => {
                idp.asked.fetch_add(1, Ordering::SeqCst);
                None
            }
            (lie, "/.well-known/openid-configuration") => {
                let issuer = if lie == Some(Lie::OtherIssuer) { "https://evil.example" } else { idp.issuer };
                let keys = match lie {
                    Some(Lie::KeysInTheClear) => format!("http{}/keys", idp.issuer.strip_prefix("https").unwrap()),
                    Some(Lie::KeysAtALoopback) => "http://127.0.0.1:9/keys".to_owned(),
                    _ => format!("{}/keys", idp.issuer),
                };
                Some(json!({"issuer": issuer, "jwks_uri": keys}).to_string().into_bytes())
            }
            (lie, "/keys") => {
                idp.asked.fetch_add(1, Ordering::SeqCst);
                let keys = json!({"keys": [idp.jwk()]}).to_string();
                Some(match lie {
                    Some(Lie::TooMuch) => format!("{keys}{}", " ".repeat(LARGEST_DOCUMENT)).into_bytes(),
                    Some(Lie::NoJson) => b"<html>".to_vec(),
                    _ => keys.into_bytes(),
                })
            }
            _ => None,
        }
    }
}

struct Site {
    idp: Arc<Idp>,
    oidc: Oidc<Net>,
}

impl Site {
    fn new() -> Self {
        Self::with(config(ISSUER))
    }

    fn with(config: IssuerConfig) -> Self {
        let idp = Idp::new(ISSUER);
        Self { oidc: Oidc::new([config], Net(vec![Arc::clone(&idp)])), idp }
    }

    fn show(&self, token: &str, now_ms: i64) -> Result<Identity, Refused> {
        wait(self.oidc.authenticate(token, now_ms))
    }

    /// A token with these claims, signed as it should be.
    fn say(&self, changes: &Value) -> Result<Identity, Refused> {
        self.show(&self.idp.token(&claims(changes)), NOW)
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn agents_and_people_come_in_with_their_mapped_groups() {
    let site = Site::new();
    let agent = site.say(&json!({})).unwrap();
    assert_eq!(agent.subject.id(), "https://id.example/realms/clinic#summariser-1");
    assert_eq!((agent.subject.kind(), agent.method), (SubjectKind::Agent, Method::Oidc));
    assert_eq!(agent.subject.groups(), &["agents".to_owned()].into());
    assert_eq!((agent.expires_ms, agent.credential.as_deref()), ((NOW_S + 660) * 1000, Some("t-1")));

    let person =
        site.say(&json!({"client_id": "portal", "sub": "alice", "groups": ["okta-privacy", "okta-else"]})).unwrap();
    assert_eq!(person.subject.kind(), SubjectKind::User);
    assert_eq!(person.subject.groups(), &["privacy-officers".to_owned()].into());
    // Who is neither is an agent, and so is who is both.
    assert_eq!(site.say(&json!({"client_id": "other"})).unwrap().subject.kind(), SubjectKind::Agent);
    assert_eq!(site.say(&json!({"client_id": ["portal", "summariser"]})).unwrap().subject.kind(), SubjectKind::Agent);
    // A program that acts for a person is no person.
    let acting = json!({"client_id": "portal", "sub": "alice", "act": {"sub": "agent-7", "act": {"sub": "b", "iss": "https://x"}}});
    let acting = site.say(&acting).unwrap();
    assert_eq!(
        (acting.subject.kind(), &acting.actors[..]),
        (SubjectKind::Agent, &["agent-7".to_owned(), "https://x#b".to_owned()][..])
    );
    assert_eq!(acting.circumstances(NOW, None, false).acting_for, [acting.subject.id().to_owned()].into());
    assert!(site.say(&json!({"groups": null})).unwrap().subject.groups().is_empty());
    assert!(site.say(&json!({"aud": ["blackbar"]})).is_ok());

    let mut named = config(ISSUER);
    named.aliases = [("alice".to_owned(), "alice".to_owned())].into();
    assert_eq!(Site::with(named).say(&json!({"sub": "alice"})).unwrap().subject.id(), "alice");
}

#[test]
fn attacks_1_to_5_on_the_header() {
    let site = Site::new();
    let with = |header: Value| site.show(&site.idp.token_with(&header, &claims(&json!({}))), NOW);
    // 1
    for none in ["none", "None", "NONE", ""] {
        let token = site.idp.token_with(&json!({"alg": none}), &claims(&json!({})));
        assert_eq!(site.show(&token, NOW), Err(Refused::Algorithm), "{none}");
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(site.show(&unsigned, NOW), Err(Refused::Algorithm));
    }
    let unsigned = site.idp.token(&claims(&json!({})));
    assert_eq!(site.show(&format!("{}.", unsigned.rsplit_once('.').unwrap().0), NOW), Err(Refused::Signature));
    // 2: the public key as a shared secret.
    let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}).to_string();
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims(&json!({})).to_string()));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, site.idp.jwk().to_string().as_bytes());
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes())));
    assert_eq!(site.show(&token, NOW), Err(Refused::Algorithm));
    // 3: a key of one family under the name of another.
    for other in ["RS256", "PS256", "ES384", "EdDSA"] {
        assert_eq!(with(json!({"alg": other})), Err(Refused::Signature), "{other}");
    }
    // 4: a name is compared, never opened or asked for.
    for name in ["../../../dev/null", "k1' OR '1'='1", "k1\u{0}", "K1"] {
        assert_eq!(with(json!({"kid": name})), Err(Refused::UnknownKey), "{name}");
    }
    assert_eq!(with(json!({"kid": "k".repeat(257)})), Err(Refused::Header));
    assert_eq!(with(json!({"kid": ["k1"]})), Err(Refused::Header));
    // 5: a key that the token brings along.
    let theirs = pair();
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1", "jwk": jwk("k1", &theirs),
        "jku": "https://evil.example/keys", "x5u": "https://evil.example/x"});
    let token = signed(&header.to_string(), &claims(&json!({})).to_string(), &theirs);
    assert_eq!(site.show(&token, NOW), Err(Refused::Signature));
    assert_eq!(with(json!({"crit": ["exp"]})), Err(Refused::Header));
    assert_eq!(with(json!({"b64": false})), Err(Refused::Header));
    assert!(with(json!({})).is_ok(), "and without all that it is fine");
}

#[test]
fn attacks_6_to_8_on_whom_and_what_it_is_for() {
    let site = Site::new();
    // 6
    for audience in
        [json!("other"), json!(["other"]), json!([]), json!(null), json!(7), json!(["blackbar", 7]), json!("Blackbar")]
    {
        assert_eq!(site.say(&json!({"aud": audience})), Err(Refused::Audience), "{audience}");
    }
    // 7: for us and for somebody who could replay it.
    assert_eq!(
        site.say(&json!({"aud": ["blackbar", "other"], "azp": "evil", "client_id": null})),
        Err(Refused::Client)
    );
    assert_eq!(site.say(&json!({"aud": ["blackbar", "other"]})), Err(Refused::Client));
    assert_eq!(site.say(&json!({"azp": "evil"})), Err(Refused::Client), "two clients");
    let mut strict = config(ISSUER);
    strict.clients = Some(["summariser".to_owned()].into());
    let strict = Site::with(strict);
    assert!(strict.say(&json!({"aud": ["blackbar", "other"]})).is_ok());
    assert_eq!(strict.say(&json!({"client_id": "evil"})), Err(Refused::Client));
    assert_eq!(strict.say(&json!({"client_id": null})), Err(Refused::Client));
    // 8: an ID token.
    let typed = |site: &Site, kind: Value, changes: Value| {
        site.show(&site.idp.token_with(&json!({"typ": kind}), &claims(&changes)), NOW)
    };
    for kind in [json!("JWT"), json!(null), json!("id+jwt"), json!("logout+jwt")] {
        assert_eq!(typed(&site, kind, json!({})), Err(Refused::Kind));
    }
    assert!(typed(&site, json!("application/at+JWT"), json!({})).is_ok());
    let mut untyped = config(ISSUER);
    untyped.accept_untyped = true;
    let untyped = Site::with(untyped);
    assert!(typed(&untyped, json!("JWT"), json!({"typ": "Bearer"})).is_ok());
    for sign in [json!({"nonce": "n"}), json!({"at_hash": "h"}), json!({"typ": "ID"}), json!({"typ": "Refresh"})] {
        assert_eq!(typed(&untyped, json!("JWT"), sign.clone()), Err(Refused::Kind), "{sign}");
    }
    assert_eq!(typed(&untyped, json!("logout+jwt"), json!({})), Err(Refused::Kind));
}

#[test]
fn attacks_9_to_11_on_time() {
    let site = Site::new();
    // 9
    for times in [
        json!({"exp": NOW_S - 60}),
        json!({"exp": NOW_S - 1_000_000}),
        json!({"nbf": NOW_S + 61}),
        json!({"iat": NOW_S + 61}),
        json!({"exp": NOW_S + 24 * 3600 + 1}),
        json!({"exp": NOW_S + 24 * 3600 + 61, "iat": null}),
        json!({"iat": NOW_S + 30, "exp": NOW_S + 30}),
        json!({"exp": -1}),
        json!({"exp": i64::MAX}),
        json!({"exp": u64::MAX}),
        json!({"exp": (NOW_S + 600).to_string()}),
        json!({"exp": 1.8e9}),
        // 11
        json!({"exp": null}),
    ] {
        assert_eq!(site.say(&times), Err(Refused::Time), "{times}");
    }
    assert!(site.say(&json!({"exp": NOW_S - 59, "iat": NOW_S - 600})).is_ok(), "clocks differ a little");
    assert!(site.say(&json!({"nbf": NOW_S + 60})).is_ok());
    // 10: what was good is judged by the clock of the moment, from the cache too.
    let token = site.idp.token(&claims(&json!({})));
    assert!(site.show(&token, NOW).is_ok());
    assert_eq!(site.show(&token, NOW + 11 * 60 * 1000), Err(Refused::Time));
    assert_eq!(site.show(&token, NOW - 11 * 60 * 1000), Err(Refused::Time), "and a clock set back helps nobody");
    assert!(site.show(&token, NOW).is_ok());
}

#[test]
fn attacks_12_and_13_on_the_form() {
    let site = Site::new();
    let pair = Arc::clone(&site.idp.keys.lock().unwrap().pair);
    let header = r#"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#;
    let body = claims(&json!({})).to_string();
    let inner = body.strip_prefix('{').unwrap();
    assert!(site.show(&signed(header, &body, &pair), NOW).is_ok());
    // 12
    for bad in [
        format!(r#"{{"sub":"root",{inner}"#),
        format!(r#"{{"s\u0075b":"root",{inner}"#),
        format!("\u{feff}{body}"),
        format!("{body}{body}"),
        format!(r#"{{"x":{}{},{inner}"#, "[".repeat(2000), "]".repeat(2000)),
        "[]".to_owned(),
        String::new(),
    ] {
        assert_eq!(site.show(&signed(header, &bad, &pair), NOW), Err(Refused::Form));
    }
    let twice = r#"{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"k1"}"#;
    assert_eq!(site.show(&signed(twice, &body, &pair), NOW), Err(Refused::Form));
    for sub in [json!(""), json!("a\nb"), json!("a\u{202e}b"), json!(7), json!(null), json!("x".repeat(256))] {
        assert_eq!(site.say(&json!({"sub": sub})), Err(Refused::Subject), "{sub}");
    }
    let deep = (0..9).fold(json!({"sub": "a"}), |act, _| json!({"sub": "a", "act": act}));
    assert_eq!(site.say(&json!({"act": deep})), Err(Refused::Subject));
    let token = signed(header, &body, &pair);
    for other in [
        String::new(),
        "..".to_owned(),
        format!("{token}."),
        format!("{token}="),
        format!("{token}\n"),
        token.replace('.', ":"),
    ] {
        assert!(site.show(&other, NOW).is_err());
    }
    // 13
    assert_eq!(site.say(&json!({"x": "x".repeat(128 << 10)})), Err(Refused::Size));
}

#[test]
fn attacks_14_to_16_on_the_keys_of_the_issuer() {
    const MINUTE: i64 = 60_000;
    let site = Site::new();
    let long = |at: i64| site.idp.token(&claims(&json!({"iat": at / 1000, "exp": at / 1000 + 600})));
    assert!(site.show(&long(NOW), NOW).is_ok());
    assert_eq!(site.idp.asked(), 1);
    for _ in 0..20 {
        assert!(site.show(&long(NOW), NOW).is_ok());
    }
    assert_eq!(site.idp.asked(), 1, "keys are kept");

    // 14: the issuer is down. Keys that are known hold for a day, and it is asked every half minute at most.
    site.idp.lie(Some(Lie::Down));
    let later = NOW + 11 * MINUTE;
    for _ in 0..20 {
        assert!(site.show(&long(later), later).is_ok());
    }
    assert_eq!(site.idp.asked(), 2);
    let next_day = NOW + 24 * 60 * MINUTE + 1;
    assert_eq!(site.show(&long(next_day), next_day), Err(Refused::KeysUnavailable));
    site.idp.lie(None);
    assert!(site.show(&long(next_day + MINUTE), next_day + MINUTE).is_ok(), "and it recovers by itself");

    // 15: a rotation. The new key is fetched when it is first seen; the old one is gone with it, from the cache too.
    let site = Site::new();
    let old = site.idp.token(&claims(&json!({})));
    assert!(site.show(&old, NOW).is_ok());
    site.idp.rotate("k2");
    let at = NOW + MINUTE / 2;
    assert!(site.show(&site.idp.token(&claims(&json!({}))), at).is_ok());
    assert_eq!(site.show(&old, at), Err(Refused::UnknownKey));
    // The same name for another key: what was verified is verified again after a minute, and the keys after ten.
    site.idp.rotate("k2");
    assert_eq!(site.show(&site.idp.token(&claims(&json!({}))), at), Err(Refused::Signature));

    // 16: a flood of names that nobody knows.
    let site = Site::new();
    for number in 0..50 {
        let header = json!({"kid": format!("x{number}")});
        let token = site.idp.token_with(&header, &claims(&json!({})));
        assert_eq!(site.show(&token, NOW + number * 100), Err(Refused::UnknownKey));
    }
    assert_eq!(site.idp.asked(), 1);
}

#[test]
fn many_at_once_ask_once() {
    let site = Site::new();
    let token = site.idp.token(&claims(&json!({})));
    wait(async {
        let all: Vec<_> = (0..50).map(|number| site.oidc.authenticate(&token, NOW + number)).collect();
        let mut all: Vec<_> = all.into_iter().map(Box::pin).collect();
        let mut open = all.len();
        std::future::poll_fn(|context| {
            all.retain_mut(|one| match one.as_mut().poll(context) {
                std::task::Poll::Ready(outcome) => {
                    assert!(outcome.is_ok());
                    open -= 1;
                    false
                }
                std::task::Poll::Pending => true,
            });
            if open == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    });
    assert_eq!(site.idp.asked(), 1);
}

#[test]
fn attack_17_on_where_the_keys_are() {
    for lie in [Lie::OtherIssuer, Lie::KeysInTheClear, Lie::KeysAtALoopback, Lie::TooMuch, Lie::NoJson] {
        let site = Site::new();
        site.idp.lie(Some(lie));
        assert_eq!(site.say(&json!({})), Err(Refused::KeysUnavailable), "{lie:?}");
    }
    let mut local = config("http://127.0.0.1:8080/x");
    assert!(origin(&local.issuer) == Some("http://127.0.0.1:8080"));
    let may = |config: &IssuerConfig, url| {
        let (cache, asking) = (RwLock::default(), tokio::sync::Mutex::new(()));
        Issuer { config: config.clone(), cache, asking }.may_hold_keys(url)
    };
    assert!(may(&local, "http://127.0.0.1:8080/keys") && may(&local, "https://elsewhere/keys"));
    assert!(!may(&local, "http://127.0.0.1:8081/keys") && !may(&local, "http://127.0.0.1:8080.evil.example/keys"));
    assert!(!may(&local, "file:///etc/passwd") && !may(&local, "http://127.0.0.1:8080\\@evil/keys"));
    assert!(!may(&local, "https://id.example@evil.example/keys") && !may(&local, "https://id.example/ keys"));
    local.issuer = ISSUER.to_owned();
    assert!(!may(&local, "http://id.example/keys"));
}

#[test]
fn attacks_18_and_19_on_who_says_it() {
    let (first, second) = (Idp::new(ISSUER), Idp::new("https://other.example"));
    let net = Net(vec![Arc::clone(&first), Arc::clone(&second)]);
    let oidc = Oidc::new([config(ISSUER), config("https://other.example")], net);
    let show = |token: &str| wait(oidc.authenticate(token, NOW));
    // 18: both call their key `k1`; each is believed for itself.
    let theirs = claims(&json!({"iss": "https://other.example"}));
    let (one, other) = (show(&first.token(&claims(&json!({})))).unwrap(), show(&second.token(&theirs)).unwrap());
    assert_eq!(show(&second.token(&claims(&json!({})))), Err(Refused::Signature));
    assert_eq!(show(&first.token(&theirs)), Err(Refused::Signature));
    // 19
    assert_ne!(one.subject.id(), other.subject.id());
    for issuer in ["https://ID.example/realms/clinic", "https://id.example/realms/clinic/", "https://third.example", ""]
    {
        assert_eq!(show(&first.token(&claims(&json!({"iss": issuer})))), Err(Refused::Issuer), "{issuer}");
    }
    assert_eq!(show(&first.token(&claims(&json!({"iss": [ISSUER]})))), Err(Refused::Issuer));
}

#[test]
fn attacks_20_21_and_23_on_groups_and_binding() {
    let site = Site::new();
    // 20
    for overage in [
        json!({"groups": null, "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}}),
        json!({"_claim_names": {"groups": "src1"}}),
        json!({"groups": null, "hasgroups": true}),
    ] {
        assert_eq!(site.say(&overage), Err(Refused::GroupOverage), "{overage}");
    }
    for no_list in [json!("okta-agents"), json!([7]), json!({"a": 1})] {
        assert_eq!(site.say(&json!({"groups": no_list})), Err(Refused::Groups), "{no_list}");
    }
    // 21: a group is mapped by its exact name, and one of ours by name only does not count.
    for other in ["OKTA-PRIVACY", "okta-privacy ", "okta-рrivacy", "privacy-officers", "okta-privacy\u{200b}"] {
        assert!(site.say(&json!({"groups": [other]})).unwrap().subject.groups().is_empty(), "{other}");
    }
    // 23: stolen from a client that proves a key with it.
    assert_eq!(site.say(&json!({"cnf": {"jkt": "abc"}})), Err(Refused::Bound));
    assert_eq!(site.say(&json!({"cnf": {"x5t#S256": "abc"}})), Err(Refused::Bound));
}

#[test]
fn eddsa_is_verified_too() {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "e", "alg": "EdDSA",
        "x": URL_SAFE_NO_PAD.encode(pair.public_key())}]});
    let keys = Keys::parse(set.to_string().as_bytes()).unwrap();
    let key = keys.find(Some("e")).unwrap();
    let signature = pair.sign(b"message");
    assert!(key.verifies(keys::Algorithm::EdDsa, b"message", signature.as_ref()));
    assert!(!key.verifies(keys::Algorithm::EdDsa, b"another", signature.as_ref()));
    assert!(!key.verifies(keys::Algorithm::Es256, b"message", signature.as_ref()));
}

#[test]
fn a_known_token_is_checked_fast() {
    let site = Site::new();
    let token = site.idp.token(&claims(&json!({})));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut times: Vec<_> = (0..2000)
        .map(|_| {
            let start = Instant::now();
            assert!(runtime.block_on(site.oidc.authenticate(&token, NOW)).is_ok());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("a known token: p50 {:?}", times[1000]);
    assert!(times[1000].as_micros() < 100, "{:?}", times[1000]);
    // What it would cost to verify it each time.
    let start = Instant::now();
    let parsed = Token::parse(&token).unwrap();
    assert!(parsed.identity(&config(ISSUER), NOW).is_ok());
    println!("taking one apart: {:?}, {} bytes of digest", start.elapsed(), digest::SHA256_OUTPUT_LEN);
}
