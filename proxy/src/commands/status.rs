//! `blackbar status`

use serde_json::json;

use crate::admin;
use crate::cli::{DocumentFormat, Global, Status};
use crate::config::Config;
use crate::error::Error;
use crate::exit::Exit;

pub(crate) fn run(args: &Status, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let status = admin::ask(&config.gateway.data_dir, &json!({ "do": "status" }))?;
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
            format!(
                "gateway    {} up {} s\ntargets    {}\nrules      {}\nrecord     {}, {} leaves\nholds      {} wait for people\nlocks      {locks}\n",
                status["version"].as_str().unwrap_or("?"),
                status["up_seconds"],
                targets.join(", "),
                status["rules"].as_str().unwrap_or("?"),
                status["record"].as_str().unwrap_or("?"),
                status["leaves"],
                status["holds"],
            )
        }
    };
    super::print(text.as_bytes())?;
    Ok(Exit::Done)
}
