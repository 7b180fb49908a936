//! `blackbar check`: everything that `serve` would refuse, found without taking an address.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use blackbar_policy::{Circumstances, Decision, Question, Subject, SubjectKind};
use blackbar_wire::http::Target as WireTarget;

use crate::cli::{Check, Global};
use crate::config::{Config, Limits, Protocol, Target};
use crate::error::{Error, Id, did_you_mean};
use crate::exit::Exit;
use crate::front::http::asked;
use crate::front::{http, postgres, tls};
use crate::gate::{Gate, Nobody, Part, Policies};
use crate::notes;
use crate::notify;

pub(crate) fn run(args: &Check, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    if config.path.is_none() {
        return Err(Error::new(Id::NoTargets, "there is no configuration to check").hint("`blackbar init` writes one"));
    }
    if let [subject, target, request] = &args.explain[..] {
        return explain(&config, args, subject, target, request);
    }
    // Profiles are compiled and policies checked against the schema.
    let gate = Arc::new(Gate::new(&config, Arc::new(Nobody))?);
    if let Some(files) = config.gateway.exchange.as_ref().and_then(|exchange| exchange.tls.as_ref()) {
        tls::server(files, &[])?;
    }
    for section in &config.gateway.notify {
        notify::ready(section)?;
    }
    let mut found = Exit::Done;
    for target in &config.gateway.targets {
        if target.mode.observes(std::time::SystemTime::now()) {
            notes::note(format_args!(
                "target {}: OBSERVING: content passes UNMASKED and nothing is refused",
                target.name
            ));
        }
        if let Err(error) = ready(target, &gate, &config.gateway.limits) {
            notes::error(&error);
            found = found.max(error.exit());
        }
        if args.connect {
            match connect(target) {
                Ok(()) => notes::note(format_args!("target {}: the upstream answers", target.name)),
                Err(error) => {
                    notes::error(&error);
                    found = found.max(Exit::Bad);
                }
            }
        }
    }
    if found == Exit::Done {
        let targets = config.gateway.targets.len();
        super::print(format!("good: {targets} targets, {} profiles\n", config.profiles.len()).as_bytes())?;
    }
    Ok(found)
}

/// Certificates and credentials can be read.
fn ready(target: &Target, gate: &Arc<Gate>, limits: &Limits) -> Result<(), Error> {
    if let Some(files) = &target.tls {
        tls::server(files, &[])?;
    }
    if let Some(credential) = &target.credential {
        credential.secret.text()?;
    }
    tls::client(target.upstream_ca.as_deref())?;
    match target.protocol {
        Protocol::Http(_) => drop(http::Front::new(Arc::clone(gate), target, limits)?),
        Protocol::Postgres(_) => drop(postgres::Front::new(Arc::clone(gate), target, limits)?),
    }
    Ok(())
}

fn connect(target: &Target) -> Result<(), Error> {
    const PATIENCE: Duration = Duration::from_secs(5);
    let address = match &target.protocol {
        Protocol::Http(http) => format!("{}:{}", http.upstream.authority.host(), http.upstream.port()),
        Protocol::Postgres(postgres) => postgres.server.address(),
    };
    let failed = |error: std::io::Error| Error::io(Id::Unreachable, &format!("{address} cannot be reached"), &error);
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for resolved in address.to_socket_addrs().map_err(failed)? {
        match TcpStream::connect_timeout(&resolved, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(failed(last).at(&target.place))
}

/// What would be decided, and why.
fn explain(config: &Config, args: &Check, subject: &str, target: &str, request: &str) -> Result<Exit, Error> {
    let usage = |what: String| Error::new(Id::Arguments, what).at("--explain");
    let known = || config.gateway.targets.iter().map(|target| target.name.as_str());
    let target = config.gateway.targets.iter().find(|known| known.name == target);
    let target = target.ok_or_else(|| usage(format!("no such target{}", did_you_mean(&args.explain[1], known()))))?;
    let Protocol::Http(_) = target.protocol else {
        return Err(usage("requests of this protocol cannot be explained yet".to_owned()));
    };
    let (method, path) = request.split_once(' ').unwrap_or(("GET", request));
    let wire = WireTarget::parse(path.trim().as_bytes(), config.gateway.limits.url_bytes)
        .map_err(|error| usage(error.to_string()))?;
    let request = asked::Request { method, target: &wire, media_type: None, body_bytes: None, form: None };
    let parts = request.parts(&target.name).map_err(|why| usage(why.to_string()))?;
    let kind = if args.person { SubjectKind::User } else { SubjectKind::Agent };
    let subject = Subject::new(kind, subject, args.group.iter().cloned());
    let policies = Policies::read(&config.gateway.policies)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let circumstances = Circumstances {
        reason_given: args.with_reason,
        ..Circumstances::at(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
    };
    let questions = parts.iter().map(|Part { action, resource, facts }| Question {
        subject: &subject,
        action: *action,
        resource,
        facts,
        circumstances: &circumstances,
    });
    let (text, exit) = match policies.set().decide_all(questions) {
        Decision::Allowed { because, duties } => {
            let mut profiles: Vec<&str> = duties.profiles.iter().map(String::as_str).collect();
            if duties.target_profile || profiles.is_empty() {
                profiles.push(target.profile.as_ref().map_or("safe-harbor", |profile| &profile.name));
            }
            let because: Vec<String> = because.iter().map(ToString::to_string).collect();
            (format!("allowed by {}\nredacted with {}\n", because.join(", "), profiles.join(" + ")), Exit::Done)
        }
        held @ Decision::Held { .. } => {
            let policies: Vec<String> = held.to_lift().iter().map(ToString::to_string).collect();
            let groups: Vec<String> =
                held.approvals().iter().map(|(group, quorum)| format!("{quorum} of {group}")).collect();
            (format!("held by {}\nuntil {} agree\n", policies.join(", "), groups.join(" and ")), Exit::Bad)
        }
        Decision::Denied { because } => {
            let because: Vec<String> = because.iter().map(ToString::to_string).collect();
            (format!("denied: {}\n", because.join("; ")), Exit::Bad)
        }
    };
    super::print(text.as_bytes())?;
    Ok(exit)
}
