//! `blackbar keygen`

use blackbar_engine::key::KeyFile;

use crate::cli::Keygen;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::notes;

pub(crate) fn run(args: &Keygen) -> Result<Exit, Error> {
    let key = KeyFile::generate().map_err(|error| Error::new(Id::KeyUnwritable, error.to_string()))?;
    if args.output.as_os_str() == "-" {
        super::print(key.text().as_bytes())?;
        return Ok(Exit::Done);
    }
    key.write(&args.output).map_err(|error| {
        if error.is_existing() {
            let error = Error::new(Id::KeyExists, "the file exists, and a key is never overwritten");
            return error.at_path(&args.output).hint("choose another name; tokens of a lost key cannot be resolved");
        }
        Error::new(Id::KeyUnwritable, format!("the key file cannot be written: {error}")).at_path(&args.output)
    })?;
    notes::note(format_args!("wrote {}; keep a copy: tokens of a lost key cannot be resolved", args.output.display()));
    Ok(Exit::Done)
}
