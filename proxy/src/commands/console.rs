//! `blackbar console login`

use serde_json::json;

use crate::admin;
use crate::cli::{Console, ConsoleCommand, Global};
use crate::config::{Config, Role};
use crate::error::{Error, Id};
use crate::exit::Exit;

pub(crate) fn run(args: &Console, global: &Global) -> Result<Exit, Error> {
    let ConsoleCommand::Login(login) = &args.command;
    let config = Config::load(global.config.as_deref())?;
    let all = || Role::ALL.map(|role| role.name().to_owned()).into();
    let roles: Vec<String> = if login.role.is_empty() { all() } else { login.role.clone() };
    let answer = admin::ask(&config.gateway.data_dir, &json!({ "do": "console.login", "roles": roles }))?;
    let Some(url) = answer["url"].as_str() else {
        let why = answer["error"].as_str().unwrap_or("the gateway does not say why");
        return Err(Error::new(Id::ConsoleLogin, why.to_owned()));
    };
    super::print(format!("{url}\n").as_bytes())?;
    Ok(Exit::Done)
}
