//! `blackbar status`

use serde_json::json;

use crate::admin;
use crate::cli::{DocumentFormat, Global, Status};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;

pub(crate) fn run(args: &Status, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let status = admin::ask(&config.gateway.data_dir, &json!({ "do": "status" })).map_err(|error| {
        let stopped = error.id() == Id::NoGateway && config.gateway.data_dir.is_dir();
        let hint = "`blackbar ledger recover --dry-run` says what a start would find, `blackbar serve` starts one";
        if stopped { error.hint(hint) } else { error }
    })?;
    let text = match args.format {
        DocumentFormat::Json => format!("{status:#}\n"),
        DocumentFormat::Pretty => {
            let targets: Vec<&str> =
                status["targets"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
            let locks: Vec<String> = status["locks"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|lock| format!("{} {}", lock[0].as_str().unwrap_or("?"), lock[1].as_str().unwrap_or("?")))
                .collect();
            let locks = if locks.is_empty() { "none".to_owned() } else { locks.join(", ") };
            let mut followers = followers(&status["followers"]);
            followers.push_str(&told(&status["notify"]));
            for target in texts(&status["observing"]) {
                followers.push_str(&format!("OBSERVING  {target}: content passes UNMASKED and nothing is refused\n"));
            }
            if let Some(uses) = status["unreviewed_emergencies"].as_u64().filter(|uses| *uses > 0) {
                followers.push_str(&format!("emergency  {uses} to be reviewed: `blackbar break-glass list`\n"));
            }
            let next: String = texts(&status["next"]).map(|next| format!("next       {next}\n")).collect();
            let gigabytes = |value: &serde_json::Value| {
                let tenths = value.as_u64().unwrap_or(0) / 100_000_000;
                format!("{}.{} GB", tenths / 10, tenths % 10)
            };
            format!(
                "gateway    {} up {} s\ntargets    {}\nrules      {}\nrecord     {}, {} leaves\ncheckpoint {} leaves, root {}\nwaiting    {} bytes for the disk\ndisk       {} free of {}\nsessions   {} open\nholds      {} wait for people\nlocks      {locks}\n{followers}{next}",
                status["version"].as_str().unwrap_or("?"),
                status["up_seconds"],
                targets.join(", "),
                status["rules"].as_str().unwrap_or("?"),
                status["record"].as_str().unwrap_or("?"),
                status["leaves"],
                status["checkpoint"]["leaves"],
                status["checkpoint"]["root"].as_str().unwrap_or("?"),
                status["backlog_bytes"],
                gigabytes(&status["disk"]["free_bytes"]),
                gigabytes(&status["disk"]["total_bytes"]),
                status["sessions_open"],
                status["holds"],
            )
        }
    };
    super::print(text.as_bytes())?;
    if status["ready"] == serde_json::Value::Bool(false) {
        let problems: Vec<&str> = texts(&status["problems"]).collect();
        return Err(Error::new(Id::NotReady, format!("not ready: {}", problems.join("; "))));
    }
    Ok(Exit::Done)
}

fn texts(value: &serde_json::Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str)
}

/// A line for each of those who are told of approvals and emergencies.
fn told(value: &serde_json::Value) -> String {
    let line = |of: &serde_json::Value| {
        let error = of["error"].as_str().map(|error| format!(": {error}")).unwrap_or_default();
        format!("notify     {}, {} waiting{error}\n", of["name"].as_str().unwrap_or("?"), of["waiting"])
    };
    value.as_array().into_iter().flatten().map(line).collect()
}

/// A line for each sink and witness.
fn followers(value: &serde_json::Value) -> String {
    let line = |of: &serde_json::Value| {
        let state = match (of["error"].as_str(), of["behind_seconds"].as_u64()) {
            (Some(error), Some(seconds)) => format!("{seconds} s behind: {error}"),
            _ => "up to date".to_owned(),
        };
        let name = of["name"].as_str().unwrap_or("?");
        format!("follower   {name}, {} leaves, {state}\n", of["leaves"])
    };
    value.as_array().into_iter().flatten().map(line).collect()
}
